"""Lists and tables that are written as one text, as in a variable of the environment."""

import json
from collections.abc import Mapping, MutableMapping
from copy import deepcopy
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

_Model = TypeVar("_Model", bound=BaseModel)
NO_LIST = frozenset({"frozen_set_type", "list_type", "set_type", "tuple_type"})
NO_TABLE = frozenset({"dict_type", "mapping_type", "model_type"})
"""pydantic's names of the errors of something else where a table is expected."""


def structured(text: str) -> object:
    """Returns the list or table that a text stands for: JSON, `a,b` or `key=value,key=value`.

    A text that begins like JSON but is not valid JSON is returned as it is.

    Raises:
        RecursionError: JSON is nested too deeply.
    """
    if text.lstrip().startswith(("[", "{")):
        try:
            return json.loads(text)
        except ValueError:
            return text
    parts = [part.strip() for part in text.split(",")]
    if all("=" in part for part in parts):
        return {key.strip(): value.strip() for key, _, value in (part.partition("=") for part in parts)}
    return parts


class Variables(EnvSettingsSource):
    """The variables of the environment; see `structured`."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """Called with the text of a variable whose field is a list or a table."""
        return structured(value)


def validated(model: type[_Model], table: Mapping[str, object]) -> _Model:
    """Returns a model of a table in which texts may stand for lists and tables, where the model expects them.

    Raises:
        ValidationError: The table is wrong.
    """
    try:
        return model.model_validate(table)
    except ValidationError as error:
        copy: dict[str, Any] = deepcopy(dict(table))
        paths = [details["loc"] for details in error.errors() if details["type"] in NO_LIST | NO_TABLE]
        if sum(_replace(copy, path) for path in paths) == 0:
            raise
    return validated(model, copy)


def _replace(table: MutableMapping[str, Any], path: tuple[int | str, ...]) -> bool:
    """Replaces the text at a path by what it stands for; returns whether that is a list or table."""
    *steps, last = path
    within: Any = table
    for step in steps:
        within = within.get(step) if isinstance(within, dict) else None
    if not isinstance(within, dict) or not isinstance(within.get(last), str):
        return False
    within[last] = structured(within[last])
    return not isinstance(within[last], str)
