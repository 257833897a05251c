"""The settings of a plugin."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class PluginSettings(BaseModel):
    """The base class of a plugin's settings: its section `[plugins.<name>]` of the configuration file.

    Every field needs a default, so that the plugin loads without configuration; unknown keys are an error. Give
    credentials the type `pydantic.SecretStr`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("settings are not pickled, as they may hold secrets")
