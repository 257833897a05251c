"""Which parts of a JSON Schema the API follows; it accepts the others and ignores them."""

from collections.abc import Iterator
from typing import Any

import orjson

_STRUCTURE = {
    "properties",
    "propertyOrdering",
    "required",
    "items",
    "prefixItems",
    "anyOf",
    "oneOf",
    "additionalProperties",
}
_LIMITS = {"type", "format", "enum", "minimum", "maximum", "minItems", "maxItems"}
_REFERENCES = {"$anchor", "$defs", "$id", "$ref", "$schema", "definitions"}
_ANNOTATIONS = {"default", "description", "examples", "title"}
_FOLLOWED = _STRUCTURE | _LIMITS | _REFERENCES | _ANNOTATIONS
"""See `responseJsonSchema` in https://ai.google.dev/api/generate-content#generationconfig."""
_OF_SCHEMAS = ("$defs", "definitions", "properties")
_SCHEMAS = ("additionalProperties", "anyOf", "items", "oneOf", "prefixItems")


def ignored_keywords(schema: str) -> list[str]:
    """Returns the keywords of a schema that the API does not follow, such as `pattern`."""
    return sorted(set(_ignored(orjson.loads(schema or "{}"))))


def _ignored(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for one in schema:
            yield from _ignored(one)
    elif isinstance(schema, dict):
        yield from schema.keys() - _FOLLOWED
        for name in _SCHEMAS:
            yield from _ignored(schema.get(name))
        for name in _OF_SCHEMAS:
            inner = schema.get(name)
            yield from _ignored(list(inner.values()) if isinstance(inner, dict) else None)
