"""The keys of the vault, which holds providers' keys."""

from pathlib import Path

import platformdirs
from pydantic import SecretStr, model_validator

from ymera_service.config.sections import Section


class VaultSettings(Section):
    """Where the master keys of the vault are. Each source may hold several: the first one encrypts, all decrypt."""

    master_key: SecretStr | None = None
    """The master keys themselves, in base64 or hexadecimal, divided by spaces or commas. Better in the environment."""
    master_key_file: Path | None = None
    """A file with the master keys, one a line, that only its owner can read."""
    keyring: bool = False
    """Whether the operating system's keyring holds them, as the password of `master-key` for the service `ymera`."""

    @model_validator(mode="after")
    def _one_source(self) -> "VaultSettings":
        if (self.master_key is not None) + (self.master_key_file is not None) + self.keyring > 1:
            raise ValueError("set only one of master_key, master_key_file and keyring")
        return self


def default_master_key_file() -> Path:
    """Returns where the master key is if no source is configured: not beside the database, in the user's folder."""
    return platformdirs.user_config_path("ymera") / "master.key"
