"""Reads the configuration: one file, and the environment."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import ValidationError

from ymera_service.config.environment import unknown_variables
from ymera_service.config.faults import ConfigError, ConfigFault, faults_of
from ymera_service.config.settings import Settings
from ymera_service.config.trust import misdirected

DEFAULT_FILE = Path("ymera.toml")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a configuration is read from; `file` is None if there are only the environment and defaults."""

    file: Path | None
    is_found: bool = False
    """Whether it is used because it is in the current folder; see `trust`."""

    @classmethod
    def of(cls, named: Path | None) -> "Source":
        """Returns the file that is named; otherwise `ymera.toml` in the current folder, or the user's."""
        if named is not None:
            return cls(named)
        if DEFAULT_FILE.exists():
            return cls(DEFAULT_FILE, is_found=True)
        return cls(user_file() if user_file().exists() else None)

    def __str__(self) -> str:
        return str(self.file or "environment and defaults (no ymera.toml was found)")


def user_file() -> Path:
    """Returns the path of the user's own configuration, which is used if no other is found or given."""
    return platformdirs.user_config_path("ymera") / DEFAULT_FILE


def load(file: Path | None = None) -> Settings:
    """Reads the configuration.

    Args:
        file: The file to read; it must exist. None reads `ymera.toml` in the current folder, or else the user's file,
            or else none.

    Raises:
        ConfigError: The configuration is not valid; lists every fault of the file and the environment.
    """
    source = Source.of(file)
    document = document_of(source)
    faults = list(unknown_variables(os.environ))
    try:
        settings = Settings(**document)
        if source.is_found:
            faults += misdirected(document.get("plugins", {}), settings.plugins.tables)
    except RecursionError:
        faults.append(ConfigFault("environment", "a variable is nested too deeply"))
    except ValidationError as error:
        faults += faults_of(error, Settings)
    if faults:
        raise ConfigError(str(source), faults)
    return settings


def document_of(source: Source) -> dict[str, Any]:
    """Returns the contents of the file.

    Raises:
        ConfigError: It can't be read.
    """
    path = source.file
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(str(path), [ConfigFault("file", "does not exist")]) from None
    except OSError as error:
        raise ConfigError(str(path), [ConfigFault("file", f"can't be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), [ConfigFault(f"byte {error.start}", "is not UTF-8")]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(path), [ConfigFault("TOML", str(error))]) from None
    except RecursionError:
        raise ConfigError(str(path), [ConfigFault("TOML", "tables or lists are nested too deeply")]) from None
    except ValueError:  # Python reads numbers of up to 4,300 digits
        raise ConfigError(str(path), [ConfigFault("TOML", "a number has too many digits")]) from None
