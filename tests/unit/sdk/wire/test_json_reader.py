"""Documents of all providers are read by one policy."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.sdk.errors import MalformedResponse, StreamInterrupted
from ymera_service.sdk.wire import json_reader
from ymera_service.sdk.wire.json_reader import (
    count,
    member,
    members,
    read_json,
    read_object,
    required,
    text,
    word,
    words,
)


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ('{"a": NaN, "b": [Infinity, -Infinity, 1]}', {"a": None, "b": [None, None, 1]}),
        ('{"a": "x\\ud83d", "\\ude00": 1}', {"a": "x\ufffd", "\ufffd": 1}),
        ('{"a": "\\ud83d\\ude00", "b": NaN}', {"a": "😀", "b": None}),
        ("\ufeff {}", {}),
        ('\ufeff{"a": NaN}', {"a": None}),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ('{"n": NaN, "a": 123456789012345678901234567890}', {"n": None, "a": 1.2345678901234568e29}),
    ],
)
def test_tolerated_deviations_from_json_are_read(document: str, value: Any) -> None:
    assert read_json(document) == value
    assert read_json(document.encode()) == value
    assert read_json(bytearray(document.encode())) == value


@pytest.mark.parametrize("document", ['{"a": "b"', '{"a', "[1,", '{"a": NaN', '["\\ud83d", ', '\ufeff{"a"'])
def test_part_of_a_document_was_interrupted(document: str) -> None:
    for form in (document, document.encode()):
        with pytest.raises(StreamInterrupted):
            read_json(form)


def test_part_of_a_character_was_interrupted() -> None:
    with pytest.raises(StreamInterrupted):
        read_json(b'{"a": "\xc3')


@pytest.mark.parametrize(
    "document", [b"", b" ", b"<html>", b"{a: 1}", b"{} {}", b'{"a": "\xff"}', b"[" * 100_000, b'{"a": NaN, b}']
)
def test_a_document_that_is_not_json_is_malformed(document: bytes) -> None:
    with pytest.raises((MalformedResponse, StreamInterrupted) if document.startswith(b"[") else MalformedResponse):
        read_json(document)


@pytest.mark.parametrize("value", ["1", "NaN"])
@pytest.mark.parametrize("depth", [1_500, 200_000])
def test_a_document_that_is_nested_too_deeply_is_malformed(depth: int, value: str) -> None:
    with pytest.raises(MalformedResponse):
        read_json("[" * depth + value + "]" * depth)


def test_a_document_that_has_to_be_repaired_has_a_lower_limit_of_nesting() -> None:
    for depth, value in ((199, "NaN"), (300, "1")):
        read_json("[" * depth + value + "]" * depth)
    with pytest.raises(MalformedResponse):
        read_json("[" * 300 + "NaN" + "]" * 300)


def test_a_document_that_is_too_long_is_malformed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_reader, "LONGEST_DOCUMENT", 4)
    assert read_json("[12]") == [12]
    with pytest.raises(MalformedResponse):
        read_json("[123]")


def test_a_member_of_another_type_counts_as_missing() -> None:
    odd = {"a": 7, "b": "x", "c": None, "d": [{}, 7, {"e": 1}]}
    assert (text(odd, "a"), text(odd, "b"), text(odd, "c"), text(odd, "z")) == ("", "x", "", "")
    assert (member(odd, "a"), member(odd, "z")) == ({}, {})
    assert (members(odd, "d"), members(odd, "a")) == ([{}, {"e": 1}], [])
    assert [word(value) for value in (7, "x", True, None, ["x"])] == ["7", "x", "", "", ""]


def test_a_count_is_a_plausible_whole_number() -> None:
    odd = {"a": 3.0, "b": -1, "c": 1.5, "d": True, "e": float("nan"), "f": float("inf"), "g": 1e300, "h": "4", "i": 0}
    assert count(odd, "a") == 3
    assert [count(odd, name) for name in "bcdefghz"] == [None] * 8
    assert count(odd, "b", "z", "i") == 0


def test_the_error_of_a_missing_required_member_names_its_path() -> None:
    assert required({"text": "x"}, "text", str, "delta") == "x"
    for holder in ({}, {"text": 7}, {"text": None}):
        with pytest.raises(MalformedResponse, match=r"^delta\.text: "):
            required(holder, "text", str, "delta")
    with pytest.raises(MalformedResponse, match="list"):
        read_object("[]")


def test_the_text_of_an_answer_may_be_missing_but_not_of_another_type() -> None:
    assert [words(holder, "text", "delta") for holder in ({}, {"text": None}, {"text": "x"})] == ["", "", "x"]
    with pytest.raises(MalformedResponse, match=r"^delta\.text: "):
        words({"text": ["x"]}, "text", "delta")


DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[]), max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(DOCUMENTS, st.booleans())
def test_any_document_of_the_standard_library_is_read_and_can_be_written(document: Any, mark: bool) -> None:
    orjson.dumps(read_json("\ufeff" * mark + json.dumps(document)))


@given(DOCUMENTS, st.integers(0, 200), st.sampled_from(["utf-8", "utf-16", "latin-1"]))
def test_part_of_a_document_is_read_or_a_provider_error(document: Any, length: int, encoding: str) -> None:
    check(json.dumps(document, ensure_ascii=False).encode(encoding, "replace")[:length])


@given(st.binary(max_size=200) | st.text('[]{}":,\\ud8NaIfinty\ufeff 1e.-', max_size=60).map(str.encode))
def test_any_bytes_are_a_document_or_a_provider_error(document: bytes) -> None:
    check(document)


def check(document: bytes) -> None:
    try:
        read_json(document)
    except (MalformedResponse, StreamInterrupted):
        pass
    else:
        orjson.dumps(read_json(document))
