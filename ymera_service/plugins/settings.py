"""Reads a plugin's own table of the configuration, and shows it without secrets."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from ymera_service.config import ConfigError, faults_of, validated
from ymera_service.plugins.wording import words
from ymera_service.sdk.settings import PluginSettings

_LONGEST_VALUE = 200


class SettingsMissing(Exception):
    """Settings that a plugin requires are not set."""


@dataclass(frozen=True, slots=True)
class SettingView:
    """One setting, for people. `source` is "default", "file" or "environment"; secrets are hidden."""

    name: str
    type: str
    default: str
    value: str
    source: str


def read(name: str, model: type[PluginSettings], table: Mapping[str, object]) -> PluginSettings:
    """Returns the settings of a plugin.

    Raises:
        ConfigError: The table is wrong.
        SettingsMissing: The table is right so far, but lacks settings that the plugin requires.
    """
    try:
        return validated(model, table)
    except ValidationError as error:
        faults = faults_of(error, model, f"plugins.{name}")
        if any(details["type"] != "missing" for details in error.errors(include_input=False)):
            raise ConfigError(name, faults) from None
        missing = ", ".join(fault.where for fault in faults)
        raise SettingsMissing(f"requires settings that are not set: {missing}") from None


def views(
    name: str, settings: PluginSettings, environment: Mapping[str, str], redact: Callable[[str], str] = str
) -> Iterator[SettingView]:
    """Yields every setting of a plugin with its type, its default, its value and where that comes from."""
    values = settings.model_dump(mode="json", fallback=repr)
    variables = {variable.upper() for variable in environment}
    for key, field in type(settings).model_fields.items():
        variable = f"YMERA_PLUGINS__{name}__{key}".upper()
        from_environment = any(each == variable or each.startswith(f"{variable}__") for each in variables)
        set_in = "environment" if from_environment else "file"
        source = set_in if key in settings.model_fields_set else "default"
        yield SettingView(key, _type(field.annotation), _default(field), _shown(values.get(key), redact), source)


def _type(annotation: object) -> str:
    """Returns a type as it is written, without the constraints and modules."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0])
    if origin in {Union, UnionType}:
        return " | ".join(map(_type, arguments))
    if annotation is NoneType:
        return "None"
    name = str(getattr(origin or annotation, "__name__", annotation))
    inner = ", ".join("..." if one is Ellipsis else _type(one) for one in arguments)
    return f"{name}[{inner}]" if inner else name


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default: Any = field.get_default(call_default_factory=True, validated_data={})
    return words(str(default))[:_LONGEST_VALUE]


def _shown(value: object, redact: Callable[[str], str]) -> str:
    return words("unset" if value is None else json.dumps(value, ensure_ascii=False), redact)[:_LONGEST_VALUE]
