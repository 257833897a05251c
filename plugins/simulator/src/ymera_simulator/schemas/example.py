"""The smallest value that shows every field a JSON Schema knows."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ymera_simulator.schemas.accepts import accepts
from ymera_simulator.schemas.facts import Facts
from ymera_simulator.schemas.pattern import text_for

Schema = Mapping[str, Any]

_DEEPEST = 12
"""Levels after which only required fields are filled, so that recursive schemas end."""
_FORMATS = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uri-reference": "/",
    "uuid": "01234567-89ab-7def-8123-456789abcdef",
    "json-pointer": "/a",
    "regex": "a",
}
_TYPE_OF = {
    "object": ("properties", "required", "additionalProperties", "patternProperties", "minProperties"),
    "array": ("items", "prefixItems", "minItems", "uniqueItems", "contains"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}


class Example:
    """Builds a value for a schema document."""

    def __init__(self, document: Any, facts: Facts) -> None:
        self._document = document
        self._facts = facts

    def value(self) -> Any:
        """Returns the value."""
        return self._of(self._document, "", 0)

    def _of(self, schema: Any, field: str, depth: int) -> Any:
        if not isinstance(schema, Mapping):
            return self._facts.text(field)
        schema = self._merged(schema)
        if "const" in schema:
            return schema["const"]
        if enum := schema.get("enum"):
            return next((option for option in enum if self._facts.mentions(str(option))), enum[0])
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                return self._one_of(schema, keyword, field, depth)
        return self._typed(schema, field, depth)

    def _one_of(self, schema: Schema, keyword: str, field: str, depth: int) -> Any:
        rest = {key: value for key, value in schema.items() if key != keyword}
        options = sorted(
            schema[keyword], key=lambda option: isinstance(option, Mapping) and option.get("type") == "null"
        )
        values = (self._of(_joined(rest, self._merged(option)), field, depth + 1) for option in options)
        first = None
        for value in values:
            first = value if first is None else first
            if accepts(self._document, schema, value):
                return value
        return first

    def _typed(self, schema: Schema, field: str, depth: int) -> Any:
        match _type_of(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, field, depth)
            case "integer" | "number" as kind:
                return _number(schema, self._facts.number(field), kind == "integer")
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return self._text(schema, field)

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        properties = schema.get("properties", {})
        required = list(schema.get("required", ()))
        wanted = required if depth >= _DEEPEST else [*properties, *required]
        deeper = {name: self._field_schema(schema, name) for name in dict.fromkeys(wanted)}
        value = {name: self._of(inner, name, depth + 1) for name, inner in deeper.items() if inner is not False}
        for name in _names_to_add(schema, value):
            value[name] = self._of(self._field_schema(schema, name), name, depth + 1)
        return value

    def _field_schema(self, schema: Schema, name: str) -> Any:
        if name in schema.get("properties", {}):
            return schema["properties"][name]
        extra = schema.get("additionalProperties", {})
        return extra if isinstance(extra, Mapping) else {}

    def _array(self, schema: Schema, field: str, depth: int) -> list[Any]:
        items = [self._of(inner, field, depth + 1) for inner in schema.get("prefixItems", ())]
        if "contains" in schema:
            items += [self._of(schema["contains"], field, depth + 1) for _ in range(schema.get("minContains", 1))]
        least = schema.get("minItems", 0)
        wanted = max(least, 0 if depth >= _DEEPEST or schema.get("items") is False else min(1, _most(schema)))
        while len(items) < wanted:
            items.append(self._of(schema.get("items", {}), field, depth + 1))
        return _made_unique(items, schema) if schema.get("uniqueItems") else items

    def _text(self, schema: Schema, field: str) -> str:
        if pattern := schema.get("pattern"):
            return text_for(pattern, schema.get("minLength", 0))
        if (form := schema.get("format")) in _FORMATS:
            return _FORMATS[str(form)]
        text = self._facts.text(field)
        least: int = schema.get("minLength", 0)
        most: int = schema.get("maxLength", len(text) + least)
        return (text + "." * max(0, least - len(text)))[:most]

    def _merged(self, schema: Any) -> Schema:
        """Follows references and folds `allOf` in."""
        if not isinstance(schema, Mapping):
            return {}
        merged: Schema = schema
        for _ in range(_DEEPEST):
            if "$ref" not in merged:
                break
            rest = {key: value for key, value in merged.items() if key != "$ref"}
            merged = _joined(rest, resolve(self._document, merged["$ref"]))
        parts = merged.get("allOf", ())
        merged = {key: value for key, value in merged.items() if key != "allOf"}
        for part in parts:
            merged = _joined(merged, self._merged(part))
        return merged


def resolve(document: Any, reference: str) -> Any:
    """Returns the part of the document that a local reference names; anything goes for another."""
    if not reference.startswith("#"):
        return {}
    at = document
    for step in reference.lstrip("#").strip("/").split("/"):
        if step:
            at = at[int(step)] if isinstance(at, list) else at.get(step.replace("~1", "/").replace("~0", "~"), {})
    return at


def _joined(one: Schema, other: Any) -> Schema:
    if not isinstance(other, Mapping):
        return one
    joined = {**one, **other}
    if "properties" in one and "properties" in other:
        joined["properties"] = {**one["properties"], **other["properties"]}
    if "required" in one and "required" in other:
        joined["required"] = [*one["required"], *other["required"]]
    for keyword, stricter in (("minimum", max), ("maximum", min), ("minLength", max), ("maxLength", min)):
        if keyword in one and keyword in other:
            joined[keyword] = stricter(one[keyword], other[keyword])
    return joined


def _type_of(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        return next((name for name in kind if name != "null"), "null")
    if isinstance(kind, str):
        return kind
    return next((name for name, keywords in _TYPE_OF.items() if any(word in schema for word in keywords)), "string")


def _number(schema: Schema, wish: float, whole: bool) -> int | float:
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    step = schema.get("multipleOf") or (1 if whole else 0)
    margin = step or 0.5
    # Draft 4 says "exclusive" with a boolean beside the bound.
    if (above := schema.get("exclusiveMinimum")) is not None:
        low = max(low, (low if above is True else above) + margin if above is not False else low)
    if (below := schema.get("exclusiveMaximum")) is not None:
        high = min(high, (high if below is True else below) - margin if below is not False else high)
    if low > high:
        low = high = (low + high) / 2
    value = min(max(wish, low), high)
    if step:
        value = math.ceil(value / step) * step
        value = value - step if value > high else value
    return int(value) if whole or value == int(value) else value


def _names_to_add(schema: Schema, value: Mapping[str, Any]) -> Iterator[str]:
    missing = schema.get("minProperties", 0) - len(value)
    names = (f"field_{number}" for number in range(1, missing + len(value) + 1))
    return (name for name, _ in zip((name for name in names if name not in value), range(missing), strict=False))


def _most(schema: Schema) -> int:
    most: int = schema.get("maxItems", 1)
    return most


def _made_unique(items: list[Any], schema: Schema) -> list[Any]:
    options = schema.get("items", {}).get("enum") if isinstance(schema.get("items"), Mapping) else None
    if options:
        return list(options[: len(items)])
    return [_varied(item, number) if item in items[:number] else item for number, item in enumerate(items)]


def _varied(item: Any, number: int) -> Any:
    if isinstance(item, str):
        return f"{item}{number}"
    return item + number if isinstance(item, int | float) and not isinstance(item, bool) else item
