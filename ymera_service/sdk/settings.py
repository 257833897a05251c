"""The settings of a plugin."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints


class PluginSettings(BaseModel):
    """The base class of a plugin's settings: its section `[plugins.<name>]` of the configuration file.

    Every field needs a default, so that the plugin loads without configuration; unknown keys are an error. Give
    credentials the type `pydantic.SecretStr`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("settings are not pickled, as they may hold secrets")


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""The name of a provider, or of one of its keys."""


class KeySettings(PluginSettings):
    """The base class of a table of settings for what is called with keys: a plugin's own, or that of an endpoint."""

    api_key: SecretStr | None = None
    """The key; unset means that of the environment."""
    api_keys: dict[Name, SecretStr] = Field(default_factory=dict)
    """Several keys by name. Each model then has a target for each key, so that a key that fails or is exhausted is
    paused while the others are used."""

    def configured_keys(self, variables: Iterable[str], environment: Mapping[str, str]) -> str | Mapping[str, str]:
        """Returns what `Keys` takes as `configured`: the keys set here, or else that of the first variable with one."""
        if self.api_keys:
            return {name: key.get_secret_value() for name, key in self.api_keys.items()}
        if self.api_key:
            return self.api_key.get_secret_value()
        return next((key for name in variables if (key := environment.get(name, "").strip())), "")
