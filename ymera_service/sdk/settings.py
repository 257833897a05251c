"""What a plugin can be configured with."""

from pydantic import BaseModel, ConfigDict


class PluginSettings(BaseModel):
    """Base of a plugin's settings: its section `[plugins.<name>]` of the configuration file.

    Every field needs a default, so that the plugin loads unconfigured; unknown keys are an error. Give
    credentials the type `pydantic.SecretStr`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
