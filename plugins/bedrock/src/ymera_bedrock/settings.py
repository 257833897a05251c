"""The plugin's settings."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from ymera_bedrock.api import Api
from ymera_service.sdk.models import Capability
from ymera_service.sdk.settings import PluginSettings

BEDROCK = "bedrock"
Address = Annotated[str, StringConstraints(pattern=r"^https?://")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
ProfileName = Annotated[str, StringConstraints(pattern=r"^[^\s\[\]#@]+$")]
Tokens = Annotated[int, Field(ge=1)]


class ModelSettings(PluginSettings):
    """A model; values that are not set are those of its family."""

    context_window: Tokens | None = None
    max_output_tokens: Tokens | None = None
    capabilities: frozenset[Capability] | None = None
    api: Api | None = None
    """How it is called: by Converse, or by InvokeModel with the format that this names."""


class BedrockSettings(PluginSettings):
    """The table `[plugins.bedrock]`."""

    regions: tuple[Region, ...] = ()
    """Where models are called. Each model has a target for each region that has it. If empty, that of `AWS_REGION`,
    `AWS_DEFAULT_REGION` or the profile, or us-east-1."""
    api_key: SecretStr | None = None
    """A key of Bedrock, which is sent instead of a signature; unset means that of `AWS_BEARER_TOKEN_BEDROCK`."""
    profiles: tuple[ProfileName, ...] = ()
    """Profiles in AWS's files whose keys sign the requests. Each of several is an account of every model."""
    credentials_file: Path | None = None
    """The file of credentials; unset means that of `AWS_SHARED_CREDENTIALS_FILE`, or `~/.aws/credentials`."""
    base_url: Address | None = None
    """Another host of the API, such as that of a proxy; `{region}` in it stands for the region."""
    models: dict[str, ModelSettings] = Field(default_factory=dict)
    """The models to offer, by their ids or the ids or ARNs of inference profiles; if empty, those that are listed."""
