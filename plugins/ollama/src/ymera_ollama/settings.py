"""The plugin's settings."""

from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from ymera_service.sdk.models import Capability
from ymera_service.sdk.settings import PluginSettings

Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Tokens = Annotated[int, Field(ge=1)]
Duration = Annotated[str, StringConstraints(pattern=r"^-?(\d+(\.\d+)?(ns|us|ms|s|m|h))+$")]


class ModelSettings(PluginSettings):
    """A model; values that are not set are those that the host states."""

    context_window: Tokens | None = None
    """As `OllamaSettings.context_window`, for this model."""
    capabilities: frozenset[Capability] | None = None


class OllamaSettings(PluginSettings):
    """The table `[plugins.ollama]`."""

    discover_local: bool = True
    """Whether to look for Ollama at `OLLAMA_HOST` or on its default port; not done if `hosts` are named."""
    hosts: dict[Name, Address] = Field(default_factory=dict)
    """Addresses of hosts by name. A model has a target at each host that has it."""
    api_key: SecretStr | None = None
    """Sent to the hosts as a bearer token, such as for a proxy before them."""
    keep_alive: Duration | int | None = None
    """How long a host keeps a model loaded after a call: a duration such as "30m", or seconds; negative means for
    ever, 0 not at all; unset means as the host is configured."""
    context_window: Tokens | None = None
    """Tokens of prompt and answer for which hosts load models (`num_ctx`); unset means as the host is configured."""
    models: dict[str, ModelSettings] = Field(default_factory=dict)
    """The models to offer; if empty, those that the hosts list."""
