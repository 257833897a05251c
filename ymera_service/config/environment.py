"""Finds variables that were meant to configure Ymera, and don't."""

import difflib
from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from ymera_service.config.faults import ConfigFault
from ymera_service.config.settings import Settings

PREFIX = "YMERA_"
STEP = "__"
OF_COMMANDS = ("ADDRESS", "API_KEY", "API_KEY_FILE", "TLS_CA", "TLS_CERTIFICATE", "TLS_KEY")
"""The variables that commands read, which are not a part of the configuration."""
_KNOWN = {*OF_COMMANDS, *(name.upper() for name in Settings.model_fields)}
_LIKENESS = 0.8


def unknown_variables(environment: Mapping[str, str]) -> Iterator[ConfigFault]:
    """Yields each variable whose name is wrong.

    Variables that begin with `YMERA_` but name no section are ignored: Kubernetes sets `YMERA_SERVICE_HOST` and
    others for a service named "ymera". Keys below a known section are checked when the settings are read.
    """
    for variable in environment:
        name = variable.upper().removeprefix(PREFIX)
        if name != variable.upper() and (problem := _problem(name)):
            yield ConfigFault(variable, problem)


def _problem(name: str) -> str:
    first, step, rest = name.partition(STEP)
    if first in _KNOWN:
        return ""
    near = difflib.get_close_matches(first, _KNOWN, n=1, cutoff=_LIKENESS)
    if near:
        return f"is not a known variable; did you mean {PREFIX}{near[0]}{step}{rest}?"
    if meant := _keys().get(name):
        return f"is not a known variable; write {meant}, with two underscores between the steps"
    return "is not a known variable" if step else ""


def _keys() -> dict[str, str]:
    """Returns the variables of the keys of sections by what they would be with one underscore."""
    sections = {
        name.upper(): field.annotation
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    }
    return {
        f"{section}_{key.upper()}": f"{PREFIX}{section}{STEP}{key.upper()}"
        for section, model in sections.items()
        for key in model.model_fields
    }
