"""What can be wrong with a configuration, in words."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ymera_service.config.texts import NO_LIST, NO_TABLE


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


def faults_of(error: ValidationError, model: type[BaseModel], prefix: str = "") -> list[ConfigFault]:
    """Converts the errors that pydantic found."""
    return [_fault(details, model, prefix) for details in error.errors()]


def _fault(details: ErrorDetails, model: type[BaseModel], prefix: str) -> ConfigFault:
    path = [str(step) for step in details["loc"]]
    where = ".".join([prefix, *path] if prefix else path) or "file"
    if details["type"] == "extra_forbidden":
        return ConfigFault(where, f"is not a known key{_suggestion(path, model)}")
    if details["type"] in NO_LIST:
        return ConfigFault(where, "is not a list; in a variable, write JSON or a,b")
    if details["type"] in NO_TABLE:
        variable = f"YMERA_{where.replace('.', '__').upper()}__KEY"
        problem = f"is not a table; in a variable, write JSON or key=value,key=value, or set single keys as {variable}"
        return ConfigFault(where, problem)
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
