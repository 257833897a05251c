"""Whether a schema accepts a value, as far as choosing between alternatives needs it."""

from collections.abc import Mapping
from typing import Any

_PYTHON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}


def accepts(document: Any, schema: Any, value: Any) -> bool:
    """Tells whether type, constant, enum, bounds and fields fit; exactly one alternative for `oneOf`."""
    if not isinstance(schema, Mapping):
        return schema is not False
    if "$ref" in schema:
        return accepts(document, _at(document, schema["$ref"]), value)
    if not (_type_fits(schema, value) and _choice_fits(schema, value) and _bounds_fit(schema, value)):
        return False
    alternatives = [accepts(document, option, value) for option in schema.get("oneOf", ())]
    return (
        (not alternatives or alternatives.count(True) == 1)
        and all(accepts(document, part, value) for part in schema.get("allOf", ()))
        and any(accepts(document, part, value) for part in schema.get("anyOf", (True,)))
        and _fields_fit(document, schema, value)
    )


def _at(document: Any, reference: str) -> Any:
    at = document
    for step in reference.lstrip("#").strip("/").split("/"):
        at = at.get(step, {}) if isinstance(at, Mapping) and step else at
    return at


def _type_fits(schema: Mapping[str, Any], value: Any) -> bool:
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else kinds
    numeric = isinstance(value, bool)
    return not kinds or any(
        isinstance(value, _PYTHON_TYPES.get(kind, object)) and not (numeric and kind in {"integer", "number"})
        for kind in kinds
    )


def _choice_fits(schema: Mapping[str, Any], value: Any) -> bool:
    return ("const" not in schema or schema["const"] == value) and value in schema.get("enum", (value,))


def _bounds_fit(schema: Mapping[str, Any], value: Any) -> bool:
    if isinstance(value, str):
        return bool(schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)))
    if isinstance(value, int | float):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    return True


def _fields_fit(document: Any, schema: Mapping[str, Any], value: Any) -> bool:
    if isinstance(value, list):
        return all(accepts(document, schema.get("items", True), item) for item in value)
    if not isinstance(value, dict):
        return True
    properties = schema.get("properties", {})
    extra = schema.get("additionalProperties", True) is not False or value.keys() <= properties.keys()
    return (
        extra
        and all(name in value for name in schema.get("required", ()))
        and all(accepts(document, inner, value[name]) for name, inner in properties.items() if name in value)
    )
