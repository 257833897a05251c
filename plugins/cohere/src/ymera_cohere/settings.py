"""The plugin's settings."""

from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from ymera_service.sdk.models import Capability
from ymera_service.sdk.settings import PluginSettings

Address = Annotated[str, StringConstraints(pattern=r"^https?://")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class ModelSettings(PluginSettings):
    """A model that the list does not have; what is not set is not known."""

    context_window: Annotated[int, Field(ge=1)] | None = None
    capabilities: frozenset[Capability] | None = None


class CohereSettings(PluginSettings):
    """The table `[plugins.cohere]`."""

    api_key: SecretStr | None = None
    api_keys: dict[Name, SecretStr] = Field(default_factory=dict)
    """Several keys by name. Each model then has a target for each key, so that a key that fails or is exhausted is
    paused while the others are used."""
    base_url: Address | None = None
    """The address without the version; unset means Cohere's."""
    models: dict[str, ModelSettings] = Field(default_factory=dict)
    """The models to offer; if empty, those that the API lists."""
