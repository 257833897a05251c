"""Values made for a schema are accepted by it; what exceeds the bounds is refused at once."""

import json
import time
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera_simulator.facts import Facts
from ymera_simulator.schemas import SchemaRefused, sample

NODE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
    "required": ["name", "children"],
}
SCHEMAS: list[dict[str, Any]] = [
    {"$ref": "#/$defs/node", "$defs": {"node": NODE}},
    {"type": "string", "format": "date-time"},
    {"type": "string", "minLength": 40, "maxLength": 42},
    {"type": "integer", "exclusiveMinimum": 5, "multipleOf": 7},
    {"type": "integer", "exclusiveMaximum": 5},
    {"type": "integer", "multipleOf": 2.5, "maximum": 9},
    {"type": "number", "minimum": 0.25, "maximum": 0.5},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    {"type": "array", "items": {"enum": []}},
    {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 3}]},
    {"anyOf": [{"enum": []}, {"anyOf": [False, {"const": 3}]}]},
    {"oneOf": [{"type": "object", "properties": {"kind": {"const": "a"}}, "required": ["kind"]}, {"type": "boolean"}]},
    {
        "allOf": [
            {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
            {"properties": {"a": {"minimum": 90}, "b": {"type": "null"}}, "required": ["b"]},
        ]
    },
    {"allOf": [{"minimum": 3}, {"minimum": 5}, {"type": "integer"}, {"type": "number"}], "maximum": 6},
    {"type": ["null", "string"]},
    {"enum": [3, "x", None]},
    {"type": "string", "enum": [3, "x", None]},
    {"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer"}},
    {"properties": {"code": {"pattern": "^x$"}, "n": {"type": "integer"}}, "required": ["n"]},
    {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
    {"type": "array", "items": False},
    {"type": "array", "maxItems": 0, "items": {"type": "integer"}},
    {"type": "array", "minItems": 100, "items": {"type": "integer"}},
    {"type": "integer", "enum": [1, 2, 3], "minimum": 2, "exclusiveMaximum": 3},
    {"type": "object", "properties": {"a": {}, "b": {}, "c": {}}, "required": ["c"], "maxProperties": 2},
    {"properties": {"a": {"properties": {"a": {"properties": {"a": {"properties": {"a": {}}, "minProperties": 1}}}}}}},
    {},
]


def made(schema: object, text: str = "Send 12 red apples to Paris") -> Any:
    return sample(json.dumps(schema), Facts(text))


@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
def test_an_example_fits(schema: dict[str, Any]) -> None:
    jsonschema_rs.validate(schema, made(schema))


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


@given(st.recursive(LEAVES, _nested, max_leaves=8), st.text(max_size=40))
def test_examples_of_any_plain_schema_fit(schema: dict[str, Any], prompt: str) -> None:
    jsonschema_rs.validate(schema, made(schema, prompt))


def test_fields_are_filled_from_the_prompt() -> None:
    fields = {"city": {"type": "string"}, "nights": {"type": "integer"}, "colour": {"enum": ["red", "blue"]}}
    value = made({"type": "object", "properties": fields}, "Book a blue room in Lisbon for four nights")
    assert value == {"city": "Lisbon", "nights": 4, "colour": "blue"}


def _chain(keyword: str, length: int) -> dict[str, Any]:
    """Each definition refers twice to the next, so that what is walked doubles with each."""
    links = {f"d{at}": {keyword: [{"$ref": f"#/$defs/d{at + 1}"}] * 2} for at in range(length)}
    return {"$ref": "#/$defs/d0", "$defs": {**links, f"d{length}": {"enum": []}}}


def _expanding(width: int) -> dict[str, Any]:
    names = [f"f{at}" for at in range(width)]
    return {"type": "object", "required": names, "additionalProperties": {"$ref": "#"}}


def _often(schema: dict[str, Any]) -> dict[str, Any]:
    return {"minItems": 20, "items": schema}


HOSTILE: dict[str, object] = {
    "many items": {"type": "array", "minItems": 1_000_000_000, "items": {"type": "integer"}},
    "arrays of arrays": {"minItems": 100, "items": {"minItems": 100, "items": {"minItems": 100, "type": "array"}}},
    "long string": {"type": "string", "minLength": 1_000_000_000},
    "many long strings": {"type": "array", "minItems": 100, "items": {"type": "string", "minLength": 2_000}},
    "many fields": {"type": "object", "minProperties": 1_000_000_000},
    "many required": {"type": "object", "required": [f"f{at}" for at in range(5_000)]},
    "doubling allOf": _chain("allOf", 60),
    "doubling anyOf": _chain("anyOf", 60),
    "doubling oneOf": _chain("oneOf", 15),
    "expanding required": _expanding(2),
    "expanding required, wide": _expanding(50),
    "a reference to itself": {"$ref": "#"},
    "references in a circle": {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
    "remote reference": {"$ref": "https://example.com/schema.json"},
    "dangling reference": {"$ref": "#/$defs/none"},
    "pattern": {"type": "string", "pattern": "(a+)+$"},
    "not": {"not": {}},
    "nothing fits": False,
    "unlike types": {"allOf": [{"type": "string"}, {"type": "integer"}]},
    "no multiple": {"type": "integer", "minimum": 1, "maximum": 5, "multipleOf": 7},
    "a multiple of nothing": {"type": "number", "multipleOf": 0, "minimum": 1e308, "maximum": -1e308},
    "infinite": {"type": "number", "minimum": float("inf")},
    "not a schema": {"type": {"type": "type"}, "required": 7, "properties": []},
    "a list": [1, 2],
    "items as a list": {"type": "array", "items": [{}], "minItems": 1},
    "an unknown type": {"type": "text"},
    "several unique items": {"type": "array", "minItems": 2, "uniqueItems": True},
    "a large constant, often": _often({"const": "x" * 50_000}),
    "a large choice, often": _often({"enum": [{"x" * 50_000: 1}]}),
    "long names, often": _often({"required": [f"{at}".rjust(500, "x") for at in range(100)]}),
    "joined choices, often": _often(
        _often({"allOf": [{"enum": [["x" * 150, at] for at in range(150)]}, {"enum": [["x", 1]]}]})
    ),
    "no room": {"type": "array", "minItems": 2, "maxItems": 1},
    "a closed object": {"type": "object", "required": ["a"], "additionalProperties": False},
}


@pytest.mark.parametrize("schema", HOSTILE.values(), ids=HOSTILE)
def test_a_schema_beyond_the_bounds_is_refused_at_once(schema: object) -> None:
    _refused(json.dumps(schema))


def test_one_million_characters_and_deep_nesting_are_refused_at_once() -> None:
    for nested in ('{"items":' * 7_000 + "{}" + "}" * 7_000, '{"allOf":[' * 6_000 + "]}" * 6_000, " " * 1_000_000, "{"):
        _refused(nested)


def _refused(schema: str) -> None:
    start = time.process_time()
    with pytest.raises(SchemaRefused):
        sample(schema, Facts("Send 12 red apples to Paris"))
    assert time.process_time() - start < 2
