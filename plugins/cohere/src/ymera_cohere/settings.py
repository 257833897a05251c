"""The plugin's settings."""

from typing import Annotated

from pydantic import Field, StringConstraints

from ymera_service.sdk.models import Capability
from ymera_service.sdk.settings import KeySettings, PluginSettings

Address = Annotated[str, StringConstraints(pattern=r"^https?://")]


class ModelSettings(PluginSettings):
    """A model that the list does not have; what is not set is not known."""

    context_window: Annotated[int, Field(ge=1)] | None = None
    capabilities: frozenset[Capability] | None = None


class CohereSettings(KeySettings):
    """The table `[plugins.cohere]`."""

    base_url: Address | None = None
    """The address without the version; unset means Cohere's."""
    models: dict[str, ModelSettings] = Field(default_factory=dict)
    """The models to offer; if empty, those that the API lists."""
