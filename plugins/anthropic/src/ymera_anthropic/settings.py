"""The plugin's settings."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from ymera_anthropic.dialect import DEFAULT_MAX_TOKENS
from ymera_service.sdk.models import Capability
from ymera_service.sdk.settings import KeySettings, Name, PluginSettings

Address = Annotated[str, StringConstraints(pattern=r"^https?://")]
Tokens = Annotated[int, Field(ge=1)]


class ModelSettings(PluginSettings):
    """A model; values that are not set are those of its family."""

    context_window: Tokens | None = None
    max_output_tokens: Tokens | None = None
    capabilities: frozenset[Capability] | None = None


class EndpointSettings(KeySettings):
    """An endpoint of the Messages API."""

    version: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")] = "2023-06-01"
    """The version of the API."""
    beta: tuple[str, ...] = ()
    """Beta features to enable: values of the header `anthropic-beta`."""
    default_max_tokens: Tokens = DEFAULT_MAX_TOKENS
    """The token limit of answers if the caller sets none; at most the model's maximum is sent."""
    models: dict[str, ModelSettings] = Field(default_factory=dict)
    """The models to offer; if empty, those that the endpoint lists."""


class OtherEndpointSettings(EndpointSettings):
    """An endpoint of another vendor."""

    base_url: Address
    """The address up to and including the version, such as `https://openrouter.ai/api/v1`."""
    api_key_variable: str = ""
    """The environment variable that holds the key; the endpoint is not offered if the variable is named but not set."""
    authentication: Literal["x-api-key", "bearer"] = "x-api-key"
    """How the key is sent."""
    price_vendor: str = ""
    """The vendor whose price list applies, as named by genai-prices."""
    local: bool = False
    """Whether the server is run by the user, not by a vendor."""


class AnthropicSettings(EndpointSettings):
    """The table `[plugins.anthropic]`."""

    base_url: Address | None = None
    """The address up to and including the version; unset means Anthropic's."""
    admin_key: SecretStr | None = None
    """The key that Anthropic wants for its bills, which models are not called with."""
    endpoints: dict[Name, OtherEndpointSettings] = Field(default_factory=dict)
    """Further endpoints, each a provider, by provider name."""
