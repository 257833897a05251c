"""Creates a value that conforms to a JSON Schema, within limits of depth, size and work."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ymera_simulator.facts import Facts
from ymera_simulator.wording import listed

LONGEST = 65_536
"""The maximum characters of a schema."""
DEEPEST = 16
"""The maximum nesting of values."""
MOST_WORK = 20_000
"""The maximum work: one unit per keyword, option and value examined, and per eight characters written."""
LARGEST_ARRAY = 100
LONGEST_STRING = 2_000

_ROOMY = 3
"""The depth up to which optional fields and items are filled, too."""
_UNSUPPORTED = frozenset(
    listed(
        "pattern not if contains prefixItems patternProperties propertyNames dependentRequired dependentSchemas "
        "dependencies unevaluatedItems unevaluatedProperties $dynamicRef $recursiveRef"
    )
)
_FORMATS = {
    "date": "2026-01-31", "date-time": "2026-01-31T12:00:00Z", "time": "12:00:00Z", "duration": "PT1H",
    "email": "someone@example.com", "hostname": "example.com", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1",
    "uri": "https://example.com/", "url": "https://example.com/", "uri-reference": "/", "regex": "a",
    "uuid": "123e4567-e89b-42d3-a456-426614174000", "json-pointer": "/a",
}  # fmt: skip
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str, "boolean": bool, "null": type(None), "array": list, "object": dict, "number": (int, float),
    "integer": int,
}  # fmt: skip
_HINTS = (
    ("object", ("properties", "required", "additionalProperties", "minProperties")),
    ("array", ("items", "minItems", "maxItems", "uniqueItems")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
)
_LARGER = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_SMALLER = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})

Schema = Mapping[str, Any]


class SchemaRefused(ValueError):
    """A schema is not supported or can't be fulfilled; the message states the reason."""


class _Unfit(Exception):
    """No value conforms to this part of a schema; another choice of `anyOf` may allow one."""


def sample(schema: str, facts: Facts) -> Any:
    """Returns a value that conforms, filled from the facts where possible; for an empty schema an empty object.

    Of `oneOf` the first choice that can be filled is used; that no other choice matches is not checked.

    Raises:
        SchemaRefused: The schema is not valid, uses an unsupported keyword, allows no value or exceeds the limits.
    """
    if len(schema) > LONGEST:
        raise SchemaRefused(f"the schema has more than {LONGEST} characters")
    try:
        document = json.loads(schema) if schema.strip() else {"type": "object"}
        return _Sampler(document, facts).value(document, 0)
    except _Unfit as error:
        raise SchemaRefused(f"no value was found that conforms to the schema: {error}") from None
    except RecursionError:
        raise SchemaRefused("the schema is nested too deeply") from None
    except SchemaRefused:
        raise
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
        raise SchemaRefused(f"the schema is not valid: {error}"[:300]) from None


@dataclass(slots=True)
class _Sampler:
    document: Any
    facts: Facts
    work: int = 0

    def value(self, schema: Any, depth: int) -> Any:
        """Returns a value that conforms to a part of the document."""
        if depth > DEEPEST:
            raise SchemaRefused(f"the schema needs more than {DEEPEST} levels")
        return self._chosen(self._merged(schema, depth), depth)

    def _spend(self, work: int) -> None:
        self.work += 1 + work
        if self.work > MOST_WORK:
            raise SchemaRefused("the schema needs too much work")

    def _merged(self, schema: Any, level: int) -> Schema:
        """Returns a schema with its `$ref` and `allOf` merged into it."""
        if schema is True:
            return {}
        if schema is False:
            raise _Unfit("no value conforms to `false`")
        if not isinstance(schema, Mapping):
            raise SchemaRefused("the schema is not valid: it has a part that is neither an object nor a boolean")
        self._spend(sum(len(each) if isinstance(each, list | dict) else 1 for each in schema.values()))
        if unsupported := _UNSUPPORTED & schema.keys():
            raise SchemaRefused(f"the keyword {min(unsupported)!r} is not supported")
        if level > 4 * DEEPEST:
            raise SchemaRefused("the schema's references are nested too deeply")
        parts = [*schema.get("allOf", ())]
        if "$ref" in schema:
            parts.append(self._referred(schema["$ref"]))
        merged: Schema = {key: each for key, each in schema.items() if key not in {"allOf", "$ref"}}
        for part in parts:
            merged = self._joined(merged, self._merged(part, level + 1))
        return merged

    def _referred(self, reference: str) -> Any:
        if reference != "#" and not reference.startswith("#/"):
            raise SchemaRefused(f"only references within the schema are supported, not {reference[:80]!r}")
        found = self.document
        for step in reference.split("/")[1:]:
            self._spend(1)
            name = step.replace("~1", "/").replace("~0", "~")
            found = found[int(name)] if isinstance(found, list) else found[name]
        return found

    def _joined(self, one: Schema, other: Schema) -> Schema:
        self._spend(len(one) + len(other))
        joined = {**one, **other}
        for key in one.keys() & other.keys():
            if one[key] != other[key]:
                joined[key] = self._both(key, one[key], other[key])
        return joined

    def _both(self, key: str, one: Any, other: Any) -> Any:
        if key in _LARGER | _SMALLER:
            return max(one, other) if key in _LARGER else min(one, other)
        self._spend(len(one) + len(other) if isinstance(one, list | dict) else 0)
        if key == "required":
            return [*dict.fromkeys([*one, *other])]
        if key == "properties":
            shared = {name: {"allOf": [one[name], other[name]]} for name in one.keys() & other.keys()}
            return {**one, **other, **shared}
        if key == "items":
            return {"allOf": [one, other]}
        if key in {"type", "enum"}:
            return _common(one, other)
        if key in {"anyOf", "oneOf", "const", "additionalProperties", "multipleOf", "format"}:
            raise SchemaRefused(f"several {key!r} for one value are not supported")
        return one or other if key == "uniqueItems" else other

    def _chosen(self, schema: Schema, depth: int) -> Any:
        """Returns a value for the first choice of `anyOf` or `oneOf` that allows one."""
        branches = schema.get("anyOf") or schema.get("oneOf")
        if branches is None:
            return self._plain(schema, depth)
        if "anyOf" in schema and "oneOf" in schema:
            raise SchemaRefused("'anyOf' beside 'oneOf' is not supported")
        if depth > DEEPEST:
            raise SchemaRefused(f"choices are nested more than {DEEPEST} levels deep")
        rest = {key: each for key, each in schema.items() if key not in {"anyOf", "oneOf"}}
        reason = _Unfit("the list of choices is empty")
        for branch in branches:
            try:
                return self._chosen(self._joined(rest, self._merged(branch, depth + 1)), depth + 1)
            except _Unfit as error:
                reason = error
        raise reason

    def _plain(self, schema: Schema, depth: int) -> Any:
        if "const" in schema or "enum" in schema:
            return self._listed(schema)
        kind = self._type(schema)
        if kind in {"integer", "number"}:
            return self._number(schema, whole=kind == "integer")
        if kind in {"object", "array"}:
            return self._object(schema, depth) if kind == "object" else self._array(schema, depth)
        if kind == "string":
            return self._string(schema)
        if kind not in {"boolean", "null"}:
            raise _Unfit(f"{kind!r} is not a type")
        return True if kind == "boolean" else None

    def _type(self, schema: Schema) -> str:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((each for each in kind if each != "null"), "null")
        if kind is None:
            kind = next((name for name, keys in _HINTS if any(key in schema for key in keys)), "string")
        return str(kind)

    def _listed(self, schema: Schema) -> Any:
        options = [schema["const"]] if "const" in schema else schema["enum"]
        self._spend(len(options))
        kinds = schema.get("type", [*_TYPES])
        fitting = [each for each in options if _is_a(each, [kinds] if isinstance(kinds, str) else kinds)]
        fitting = [each for each in fitting if not isinstance(each, int | float) or _is_within(each, schema)]
        if not fitting:
            raise _Unfit("no option is of the type")
        chosen = next((each for each in fitting if self.facts.names(each)), fitting[0])
        self._spend(len(json.dumps(chosen)) // 8)
        return chosen

    def _string(self, schema: Schema) -> str:
        least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", LONGEST_STRING))
        if least > LONGEST_STRING:
            raise SchemaRefused(f"a string of more than {LONGEST_STRING} characters is required")
        if least > most or most < 0:
            raise _Unfit("minLength is above maxLength")
        text = _FORMATS.get(schema.get("format", ""), "")
        if text and not least <= len(text) <= most:
            raise _Unfit("the format does not have the length")
        text = text or self.facts.text()
        self._spend(max(least, len(text)) // 8)
        return text[:most].ljust(least, ".")

    def _number(self, schema: Schema, whole: bool) -> int | float:
        step = Fraction(schema.get("multipleOf", 0))
        step = Fraction(step.numerator or 1) if whole else step
        low = [Fraction(schema[key]) for key in ("minimum", "exclusiveMinimum") if key in schema]
        high = [Fraction(schema[key]) for key in ("maximum", "exclusiveMaximum") if key in schema]
        starts = [self.facts.number(), *low, *high, *((a + b) / 2 for a in low for b in high)]
        for start in starts:
            for shift in (0, 1, -1):
                value = (start // step + shift) * step if step else start + shift
                if _is_within(value, schema):
                    return int(value) if value.denominator == 1 else float(value)
        raise _Unfit("no number is within the limits")

    def _array(self, schema: Schema, depth: int) -> list[Any]:
        least, most = int(schema.get("minItems", 0)), int(schema.get("maxItems", LARGEST_ARRAY))
        if least > LARGEST_ARRAY:
            raise SchemaRefused(f"more than {LARGEST_ARRAY} items are required")
        if schema.get("uniqueItems") and least > 1:
            raise SchemaRefused("several unique items are not supported")
        if least > most:
            raise _Unfit("minItems is above maxItems")
        items: list[Any] = []
        for _ in range(least or min(most, depth < _ROOMY)):
            try:
                items.append(self.value(schema.get("items", True), depth + 1))
            except (_Unfit, SchemaRefused):
                if least:
                    raise
        return items

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        fields, required = schema.get("properties", {}), dict.fromkeys(schema.get("required", ()))
        least, most = int(schema.get("minProperties", 0)), int(schema.get("maxProperties", LARGEST_ARRAY))
        if max(least, len(required)) > LARGEST_ARRAY:
            raise SchemaRefused(f"more than {LARGEST_ARRAY} fields are required")
        others = [name for name in fields if name not in required] if depth < _ROOMY or least else []
        others += [f"field{number}" for number in range(least - len(others) - len(required))]
        found = {}
        for name in [*required, *others[: max(0, most - len(required))]][:LARGEST_ARRAY]:
            self._spend(len(name) // 8)
            try:
                found[name] = self.value(fields.get(name, schema.get("additionalProperties", True)), depth + 1)
            except (_Unfit, SchemaRefused):
                if name in required:
                    raise
        if not least <= len(found) <= most:
            raise _Unfit("the object can't have that number of fields")
        return found


def _common(one: Any, other: Any) -> list[Any]:
    first, second = (each if isinstance(each, list) else [each] for each in (one, other))
    known = {json.dumps(each, sort_keys=True) for each in second}
    common = [each for each in first if json.dumps(each, sort_keys=True) in known]
    if not common and "integer" in (*first, *second) and "number" in (*first, *second):
        return ["integer"]
    if not common:
        raise _Unfit("no value has both types")
    return common


def _is_a(value: Any, kinds: list[str]) -> bool:
    if isinstance(value, bool):
        return "boolean" in kinds
    return any(isinstance(value, _TYPES.get(kind, ())) for kind in kinds)


def _is_within(value: Any, schema: Schema) -> bool:
    return bool(
        value >= schema.get("minimum", -math.inf)
        and value > schema.get("exclusiveMinimum", -math.inf)
        and value <= schema.get("maximum", math.inf)
        and value < schema.get("exclusiveMaximum", math.inf)
    )
