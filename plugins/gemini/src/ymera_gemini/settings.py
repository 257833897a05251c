"""The plugin's settings."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from ymera_service.sdk.models import Capability
from ymera_service.sdk.settings import KeySettings, Name, PluginSettings

Address = Annotated[str, StringConstraints(pattern=r"^https?://")]
Tokens = Annotated[int, Field(ge=1)]


class ModelSettings(PluginSettings):
    """A model; values that are not set are those of its family."""

    context_window: Tokens | None = None
    max_output_tokens: Tokens | None = None
    capabilities: frozenset[Capability] | None = None


class _Table(KeySettings):
    """What every endpoint has."""

    models: dict[str, ModelSettings] = Field(default_factory=dict)
    """The models to offer; if empty, those that the endpoint lists."""


class EndpointSettings(_Table):
    """A further endpoint of the API, such as that of a proxy."""

    base_url: Address
    """The address up to and including the version, such as `https://proxy.example/v1beta`."""
    api_key_variable: str = ""
    """The environment variable that holds the key; the endpoint is not offered if the variable is named but not set."""
    price_vendor: str = "google"
    """The vendor whose price list applies, as named by genai-prices."""


class VertexSettings(PluginSettings):
    """Google's models at Vertex AI, as the provider `vertexai`."""

    project: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.:-]*$")]
    """The id of the project that is charged."""
    locations: Annotated[tuple[Name, ...], Field(min_length=1)] = ("global",)
    """Where models are called. Each model has a target for each location."""
    token_command: tuple[str, ...] = ()
    """The command that prints an access token; if empty, the Application Default Credentials are used."""
    credentials_file: Path | None = None
    """The file of credentials; unset means that of `GOOGLE_APPLICATION_CREDENTIALS`, or gcloud's."""
    models: dict[str, ModelSettings] = Field(default_factory=dict)
    """The models to offer; if empty, those that Vertex AI is known to have."""
    base_url: Address | None = None
    """Another host of the API, such as that of a proxy."""


class GeminiSettings(_Table):
    """The table `[plugins.gemini]`."""

    base_url: Address | None = None
    """The address up to and including the version; unset means Google's."""
    endpoints: dict[Name, EndpointSettings] = Field(default_factory=dict)
    """Further endpoints, each a provider, by provider name."""
    vertex: VertexSettings | None = None
    """A project at Vertex AI."""
