"""Reads the configuration and words its faults."""

import difflib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from ymera_service.config.settings import Settings

DEFAULT_FILE = Path("ymera.toml")


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """One fault: where it is (`server.address`, or `line 3`), and what is wrong."""

    where: str
    problem: str


class ConfigError(Exception):
    """The configuration can't be used; `faults` lists everything that is wrong with it."""

    def __init__(self, source: str, faults: Sequence[ConfigFault]) -> None:
        lines = "\n".join(f"  {fault.where}: {fault.problem}" for fault in faults)
        super().__init__(f"{source}:\n{lines}")
        self.source = source
        self.faults = tuple(faults)


def load(file: Path | None = None) -> Settings:
    """Reads the configuration.

    Args:
        file: The file to read; it must exist. None reads `ymera.toml` in the current folder, if it exists.

    Raises:
        ConfigError: The configuration is not valid; lists every fault of the file and the environment.
    """
    source = "environment" if file is None and not DEFAULT_FILE.exists() else str(file or DEFAULT_FILE)
    document = _read(file)
    try:
        return Settings(**document)
    except RecursionError:
        raise ConfigError(source, [ConfigFault("environment", "a variable is nested too deeply")]) from None
    except ValidationError as error:
        raise ConfigError(source, faults_of(error, Settings)) from None
    except SettingsError as error:
        # A variable holds a whole section; pydantic names the field only within its message.
        name = next((name for name in Settings.model_fields if f'"{name}"' in str(error)), "")
        problem = f"is not a JSON table; set single keys instead, as in YMERA_{name.upper()}__KEY"
        raise ConfigError("environment", [ConfigFault(f"YMERA_{name.upper()}", problem)]) from None


def _read(file: Path | None) -> dict[str, Any]:
    path = file or DEFAULT_FILE
    if file is None and not path.exists():
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


def faults_of(error: ValidationError, model: type[BaseModel], prefix: str = "") -> list[ConfigFault]:
    """Converts the errors that pydantic found."""
    return [_fault(details, model, prefix) for details in error.errors()]


def _fault(details: ErrorDetails, model: type[BaseModel], prefix: str) -> ConfigFault:
    path = [str(step) for step in details["loc"]]
    where = ".".join([prefix, *path] if prefix else path) or "file"
    if details["type"] == "extra_forbidden":
        return ConfigFault(where, f"is not a known key{_suggestion(path, model)}")
    problem = details["msg"].removeprefix("Value error, ")
    return ConfigFault(where, problem[:1].lower() + problem[1:])


def _suggestion(path: Sequence[str], model: type[BaseModel]) -> str:
    for step in path[:-1]:
        annotation = model.model_fields[step].annotation if step in model.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return ""
        model = annotation
    near = difflib.get_close_matches(path[-1], model.model_fields, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
