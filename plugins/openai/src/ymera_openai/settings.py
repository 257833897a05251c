"""The table `[plugins.openai]` of the configuration."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

from ymera_openai.local import LOCAL_SERVERS
from ymera_openai.vendors import VENDORS
from ymera_service.sdk.settings import PluginSettings

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$")]

_KNOWN = frozenset({*VENDORS, *(server.name for server in LOCAL_SERVERS)})


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    api_key: SecretStr | None = None
    """The key; a vendor's own comes from the environment where this is not set."""
    api_keys: dict[Name, SecretStr] = Field(default_factory=dict)
    """Several keys by name. Each model is then a target at each of them: a key that fails or is exhausted rests
    alone while the others go on."""
    models: tuple[str, ...] = ()
    """The models to offer, in place of those that the vendor lists."""


class VendorSettings(_Table):
    """One of the known vendors or local servers."""

    enabled: bool = True
    base_url: Url | None = None
    """Another address of the same API, such as a proxy's or an account's own."""


class EndpointSettings(_Table):
    """Any other server that speaks one of OpenAI's dialects."""

    base_url: Url
    """Where its API begins; `/chat/completions` and `/models` follow it."""
    dialect: Literal["chat_completions", "responses", "completions"] = "chat_completions"
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """What it calls the limit of an answer's tokens."""
    json_schema: bool = True
    """Whether it can hold an answer to a JSON Schema."""
    price_vendor: str = ""
    """Whose price list applies, in the names of `genai-prices`."""
    local: bool = False
    """It runs on a machine of your own and costs nothing."""


class OpenAiSettings(PluginSettings):
    """Which vendors, servers and endpoints are used."""

    discover_local: bool = True
    """Whether to look for Ollama, llama.cpp, vLLM and LM Studio on their default ports."""
    vendors: dict[str, VendorSettings] = Field(default_factory=dict)
    """By the vendor's name. A vendor whose key is in the environment needs no table."""
    endpoints: dict[Name, EndpointSettings] = Field(default_factory=dict)
    """By the name that the provider is to have."""

    @field_validator("vendors")
    @classmethod
    def _vendors_are_known(cls, vendors: dict[str, VendorSettings]) -> dict[str, VendorSettings]:
        if unknown := sorted(vendors.keys() - _KNOWN):
            raise ValueError(f"no vendor is called {', '.join(unknown)}; there are {', '.join(sorted(_KNOWN))}")
        return vendors

    @field_validator("endpoints")
    @classmethod
    def _names_are_free(cls, endpoints: dict[str, EndpointSettings]) -> dict[str, EndpointSettings]:
        if taken := sorted(endpoints.keys() & _KNOWN):
            raise ValueError(f"{', '.join(taken)} is a vendor's name: configure it below vendors, or choose another")
        return endpoints
