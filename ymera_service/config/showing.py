"""The keys of the configuration with their values and where each is from, and a file to begin with."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from ymera_service.config.reading import Source, document_of
from ymera_service.config.settings import Settings
from ymera_service.config.texts import Variables

_SECRET = re.compile(r"key|token|secret|password|credential", re.IGNORECASE)
_HIDDEN = "(hidden)"
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_FIRST_LINES = """\
# The configuration of Ymera. A key that is commented out has the value that is shown.
# `ymera config check` finds faults, `ymera config show` lists all values and their sources.
"""


@dataclass(frozen=True, slots=True)
class Value:
    """A key: its path, its value in TOML with secrets hidden, and "environment", a file's name or "default"."""

    path: str
    value: str
    source: str


def values(settings: Settings, source: Source) -> Iterator[Value]:
    """Yields every key, in the order of the documentation."""
    layers = {"environment": Variables(Settings)(), str(source.file): document_of(source)}
    for path, value in _leaves(settings.model_dump(mode="json"), ()):
        name = next((name for name, layer in layers.items() if _has(layer, path)), "default")
        yield Value(".".join(map(_step, path)), _HIDDEN if _is_secret(path, value) else _toml(value), name)


def template() -> str:
    """Returns a file with every key and its default, all of them commented out."""
    defaults = Settings.model_construct()
    lines = [_FIRST_LINES]
    for name in Settings.model_fields:
        value = getattr(defaults, name)
        if isinstance(value, BaseModel):
            lines.append(f"\n[{name}]")
            lines += [_line(key, inner) for key, inner in value.model_dump(mode="json").items()]
        else:
            lines.append(_line(name, value))
    return "\n".join(lines) + "\n"


def _line(key: str, value: object) -> str:
    return f"# {key} =" if value is None else f"# {key} = {_toml(value)}"


def _leaves(value: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    if isinstance(value, dict) and (value or len(path) == 0):
        for name, inner in value.items():
            yield from _leaves(inner, (*path, name))
    else:
        yield path, value


def _has(layer: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    inside: Any = layer
    for step in path:
        if not isinstance(inside, dict) or step not in inside:
            return False
        inside = inside[step]
    return True


def _is_secret(path: tuple[str, ...], value: object) -> bool:
    """A plugin's table holds secrets under names of its own choice; `ymera plugins show` knows the types."""
    return path[0] == "plugins" and bool(value) and any(_SECRET.search(step) for step in path[2:])


def _step(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_step(name)} = {_toml(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return "unset" if value is None else json.dumps(value, ensure_ascii=False)
