"""What the plugin can be configured with."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from ymera_anthropic.dialect import DEFAULT_MAX_TOKENS
from ymera_service.sdk.models import Capability
from ymera_service.sdk.settings import PluginSettings

Address = Annotated[str, StringConstraints(pattern=r"^https?://")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Tokens = Annotated[int, Field(ge=1)]


class ModelSettings(PluginSettings):
    """A model; what is left out is taken from its family."""

    context_window: Tokens | None = None
    max_output_tokens: Tokens | None = None
    capabilities: frozenset[Capability] | None = None


class EndpointSettings(PluginSettings):
    """Where the Messages API is spoken, and how."""

    api_key: SecretStr | None = None
    version: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")] = "2023-06-01"
    """The version of the API."""
    beta: tuple[str, ...] = ()
    """Beta features to switch on: values of the header `anthropic-beta`."""
    default_max_tokens: Tokens = DEFAULT_MAX_TOKENS
    """How long an answer may be where the caller does not say; never more than the model can write."""
    models: dict[str, ModelSettings] = Field(default_factory=dict)
    """The models to offer; empty asks the endpoint."""


class OtherEndpointSettings(EndpointSettings):
    """An endpoint of another vendor."""

    base_url: Address
    """The address up to and including the version, such as `https://openrouter.ai/api/v1`."""
    api_key_variable: str = ""
    """The environment variable that holds the key; where it is not set, the endpoint is left out."""
    authentication: Literal["x-api-key", "bearer"] = "x-api-key"
    """How the key is sent."""
    price_vendor: str = ""
    """Whose price list applies, in the names of genai-prices."""
    local: bool = False
    """It is a server of one's own."""


class AnthropicSettings(EndpointSettings):
    """The table `[plugins.anthropic]`."""

    base_url: Address | None = None
    """The address up to and including the version; unset means that of Anthropic."""
    endpoints: dict[Name, OtherEndpointSettings] = Field(default_factory=dict)
    """Further endpoints by the name of the provider that each becomes."""
