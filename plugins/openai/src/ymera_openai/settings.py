"""The table `[plugins.openai]` of the configuration."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints, field_validator

from ymera_openai.local import LOCAL_SERVERS
from ymera_openai.vendors import VENDORS
from ymera_service.sdk.settings import KeySettings, Name, PluginSettings

Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$")]

_OLLAMA = 'ollama is not configured here but in [plugins.ollama]: hosts = { name = "http://127.0.0.1:11434" }'
_KNOWN = frozenset({*VENDORS, *(server.name for server in LOCAL_SERVERS)})


class _Table(KeySettings):
    models: tuple[str, ...] = ()
    """The models to offer, instead of those that the vendor lists."""


class VendorSettings(_Table):
    """One of the known vendors or local servers."""

    enabled: bool = True
    base_url: Url | None = None
    """Another address of the same API, such as that of a proxy or of an account."""
    admin_key: SecretStr | None = None
    """The key that the vendor wants for its bills, which models are not called with."""


class EndpointSettings(_Table):
    """Any other server that implements one of OpenAI's dialects."""

    base_url: Url
    """The base address of its API, to which `/chat/completions` and `/models` are appended."""
    dialect: Literal["chat_completions", "responses", "completions"] = "chat_completions"
    like: str = ""
    """The vendor whose form of the API it follows, such as "mistral"; what is set below takes precedence."""
    thinking: (
        Literal["none", "reasoning_effort", "reasoning", "thinking", "enable_thinking", "chat_template_kwargs"] | None
    ) = None
    """The field of a request that asks for more or less thinking; unset: the vendor's that it is like, or
    `reasoning_effort`."""
    thoughts: Literal["", "reasoning_content", "reasoning", "reasoning_details", "tags"] | None = None
    """Where thinking is sent back; with "tags" it is read from `<think>…</think>` at the beginning of the text."""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """The name of the field that limits an answer's tokens."""
    json_schema: bool = True
    """Whether it accepts a JSON Schema for an answer."""
    price_vendor: str = ""
    """The vendor whose price list applies, as named by `genai-prices`."""
    local: bool = False
    """Whether it runs on your own machine and costs nothing."""


class OpenAiSettings(PluginSettings):
    """Which vendors, servers and endpoints are used."""

    discover_local: bool = True
    """Whether to look for llama.cpp, vLLM and LM Studio on their default ports."""
    vendors: dict[str, VendorSettings] = Field(default_factory=dict)
    """By vendor name. A vendor whose key is in the environment needs no table."""
    endpoints: dict[Name, EndpointSettings] = Field(default_factory=dict)
    """By provider name."""

    @field_validator("vendors")
    @classmethod
    def _vendors_are_known(cls, vendors: dict[str, VendorSettings]) -> dict[str, VendorSettings]:
        if "ollama" in vendors:
            raise ValueError(_OLLAMA)
        if unknown := sorted(vendors.keys() - _KNOWN):
            raise ValueError(f"unknown vendor {', '.join(unknown)}; known are {', '.join(sorted(_KNOWN))}")
        billing = {name for name, vendor in VENDORS.items() if vendor.bills}
        if useless := sorted({name for name, table in vendors.items() if table.admin_key} - billing):
            raise ValueError(f"{', '.join(useless)}: an admin_key is of use for {', '.join(sorted(billing))} only")
        return vendors

    @field_validator("endpoints")
    @classmethod
    def _vendors_alike_are_known(cls, endpoints: dict[str, EndpointSettings]) -> dict[str, EndpointSettings]:
        if unknown := sorted({endpoint.like for endpoint in endpoints.values()} - VENDORS.keys() - {""}):
            raise ValueError(f"like: unknown vendor {', '.join(unknown)}; known are {', '.join(VENDORS)}")
        return endpoints

    @field_validator("endpoints")
    @classmethod
    def _names_are_free(cls, endpoints: dict[str, EndpointSettings]) -> dict[str, EndpointSettings]:
        if taken := sorted(endpoints.keys() & _KNOWN):
            raise ValueError(
                f"{', '.join(taken)} is a vendor's name: configure it under `vendors`, or choose another name"
            )
        return endpoints
