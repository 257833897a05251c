"""JSON Schemas in the form that an API requires."""

from typing import Any

import pytest

from ymera_service.sdk.wire.schemas import closed

CLOSED = {"type": "object", "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "object"}, CLOSED),
        ({"type": ["object", "null"]}, {"type": ["object", "null"], "additionalProperties": False}),
        ({"anyOf": [{"type": "object"}, True]}, {"anyOf": [CLOSED, True]}),
        ({"$defs": {"a": {"type": "object"}}}, {"$defs": {"a": CLOSED}}),
        ({"type": "object", "additionalProperties": {"type": "object"}}, CLOSED | {"additionalProperties": CLOSED}),
        ({"default": {"type": "object"}, "enum": [{"type": "object"}]},) * 2,
        (True, True),
    ],
)
def test_objects_allow_only_the_properties_that_they_name(schema: Any, expected: Any) -> None:
    assert closed(schema) == expected
