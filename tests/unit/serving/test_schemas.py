"""JSON Schemas of callers are checked quickly, without network access and without crashes."""

import json
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.serving.checks.schemas import MAX_BYTES, QUICK_CHARACTERS, _fault, schema_fault

GOOD: list[dict[str, Any]] = [
    {},
    {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"type": "integer"}}},
    {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "string"},
    {"$schema": "http://json-schema.org/draft-07/schema#", "type": "array", "items": [{"type": "string"}]},
    {"type": "object", "properties": {"child": {"$ref": "#"}}},
    {"type": "string", "format": "date-time", "x-vendor": {"anything": 1}},
]


@pytest.mark.parametrize("schema", GOOD)
def test_a_valid_schema_has_no_error(schema: dict[str, Any]) -> None:
    assert schema_fault(json.dumps(schema)) == ""


@pytest.mark.parametrize(
    ("schema", "word"),
    [
        ("{", "not JSON"),
        ("[]", "JSON object"),
        ('"string"', "JSON object"),
        ("true", "JSON object"),
        ('{"a": NaN}', "not JSON"),
        ('{"type": "strnig"}', "at type"),
        ('{"properties": {"a": {"type": 3}}}', "at properties/a/type"),
        ('{"properties": {"a": {"pattern": "("}}}', "at properties/a/pattern"),
        ('{"required": "a"}', "at required"),
        ('{"$ref": "#/$defs/nowhere"}', "nowhere"),
        ("[" * 5000, "not JSON"),
        (" " * (MAX_BYTES + 1), "at most"),
        ('"' + "ä" * (MAX_BYTES // 2) + '"', "at most"),
    ],
)
def test_the_error_of_an_invalid_schema_has_its_position_and_reason(schema: str, word: str) -> None:
    assert word in schema_fault(schema)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("key", ["$ref", "$schema", "$dynamicRef", "$id"])
def test_no_schema_is_fetched(key: str, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/schema.json"
        fault = schema_fault(json.dumps({key: address, "properties": {"a": {key: address}}}))
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert fault or key == "$id"


keywords = st.sampled_from(
    ["type", "properties", "items", "$ref", "$defs", "allOf", "enum", "pattern", "$id", "$schema"]
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(["object", "#", "#/$defs/a", "("])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keywords, inner, max_size=3)),
    max_leaves=12,
)


@given(st.dictionaries(keywords, values, max_size=4))
def test_any_json_is_accepted_or_rejected_without_an_exception(document: dict[str, Any]) -> None:
    assert isinstance(schema_fault(json.dumps(document)), str)


def test_a_schema_that_is_too_long_is_not_cached() -> None:
    kept = _fault.cache_info().currsize
    for size in range(1, 4):
        schema_fault(" " * (MAX_BYTES + size))
    assert _fault.cache_info().currsize == kept


def test_patterns_of_a_long_schema_are_not_compiled() -> None:
    long: dict[str, Any] = {"description": "x" * QUICK_CHARACTERS, "properties": {"a": {"pattern": "("}}}
    assert schema_fault(json.dumps(long)) == ""
    assert "at type" in schema_fault(json.dumps(long | {"type": "strnig"}))


@pytest.mark.parametrize("key", ["$schema", "$ref"])
def test_nothing_is_fetched_for_a_long_schema(key: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/schema"
        nested = {"description": "x" * QUICK_CHARACTERS, "properties": {"a": {key: address}}}
        schema_fault(json.dumps(nested))
        with pytest.raises(TimeoutError):
            server.accept()
