"""Generated values are accepted by the schemas they were made for."""

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ymera_simulator.structured import example_of

NODE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
    "required": ["name", "children"],
}
SCHEMAS: list[dict[str, Any]] = [
    {"$ref": "#/$defs/node", "$defs": {"node": NODE}},
    {"type": "string", "pattern": "^[A-Z]{2}-\\d{4}$"},
    {"type": "string", "pattern": "^(?:red|green)\\s\\w+$"},
    {"type": "string", "format": "date-time"},
    {"type": "string", "minLength": 40, "maxLength": 42},
    {"type": "integer", "exclusiveMinimum": 5, "multipleOf": 7},
    {"type": "number", "minimum": 0.25, "maximum": 0.5},
    {"type": "array", "items": {"type": "string"}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
    {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 3}]},
    {"oneOf": [{"type": "object", "properties": {"kind": {"const": "a"}}, "required": ["kind"]}, {"type": "boolean"}]},
    {
        "allOf": [
            {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
            {"properties": {"b": {"type": "null"}}},
        ]
    },
    {"type": ["null", "string"]},
    {"enum": [3, "x", None]},
    {"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer"}},
    {},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
def test_an_example_fits(schema: dict[str, Any]) -> None:
    jsonschema_rs.validate(schema, example_of(json.dumps(schema), "Send 12 red apples to Paris"))


def _numbers(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    bounds = st.tuples(st.integers(-50, 50), st.integers(0, 40))
    return bounds.map(lambda pair: {"type": kind, "minimum": pair[0], "maximum": pair[0] + pair[1]})


LEAVES = st.one_of(
    _numbers("integer"),
    _numbers("number"),
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.tuples(st.integers(0, 9), st.integers(0, 9)).map(
        lambda pair: {"type": "string", "minLength": pair[0], "maxLength": sum(pair)}
    ),
    st.lists(st.sampled_from(["red", "green", 1, None]), min_size=1, unique=True).map(
        lambda options: {"enum": options}
    ),
)


def _nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    objects = st.dictionaries(st.sampled_from("abcdef"), inner, max_size=4)
    return st.one_of(
        objects.map(
            lambda fields: {
                "type": "object",
                "properties": fields,
                "required": sorted(fields),
                "additionalProperties": False,
            }
        ),
        st.tuples(inner, st.integers(0, 3)).map(lambda pair: {"type": "array", "items": pair[0], "minItems": pair[1]}),
        st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options}),
    )


@settings(deadline=None)
@given(st.recursive(LEAVES, _nested, max_leaves=8), st.text(max_size=40))
def test_examples_of_any_plain_schema_fit(schema: dict[str, Any], prompt: str) -> None:
    jsonschema_rs.validate(schema, example_of(json.dumps(schema), prompt))


def test_fields_are_filled_from_the_prompt() -> None:
    fields = {"city": {"type": "string"}, "nights": {"type": "integer"}, "colour": {"enum": ["red", "blue"]}}
    value = example_of(
        json.dumps({"type": "object", "properties": fields}), "Book a blue room in Lisbon for four nights"
    )
    assert value == {"city": "Lisbon", "nights": 4, "colour": "blue"}
