"""JSON Schemas in the form that an API requires."""

from typing import Any

_DATA = frozenset({"const", "default", "enum", "examples"})
"""Keywords whose values are not schemas."""


def closed(schema: Any) -> Any:
    """Returns a schema whose objects allow only the properties that they name, unless they say otherwise."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    whole = {key: value if key in _DATA else closed(value) for key, value in schema.items()}
    kind = whole.get("type")
    if kind == "object" or (isinstance(kind, list) and "object" in kind):
        whole.setdefault("additionalProperties", False)
    return whole
