"""Calls of tools are compared as calls: order and spelling of JSON don't matter, arguments do."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera_demanding.task import Draft
from ymera_demanding.templates.tools import _calling

from ymera_service.sdk.benchmarks import calls_in, written_call
from ymera_service.sdk.grading.answers import read

PAY = {"source": "main", "target": "ben", "cents": 100}
TASK = _calling(random.Random(1), "Pay twice.", [("transfer", PAY), ("transfer", PAY | {"target": "eva"})])


def calls(*made: tuple[str, object]) -> str:
    return "\n".join(["Of course.", *(written_call(name, json.dumps(given)) for name, given in made)])


@pytest.mark.parametrize(
    ("made", "right"),
    [
        ([("transfer", PAY), ("transfer", PAY | {"target": "eva"})], True),
        ([("transfer", PAY | {"target": "Eva"}), ("transfer", dict(reversed(PAY.items())))], True),
        ([("transfer", PAY | {"cents": 100.0}), ("transfer", PAY | {"target": "eva"})], True),
        ([("transfer", PAY)], False),
        ([("transfer", PAY), ("transfer", PAY)], False),
        ([("transfer", PAY), ("schedule_transfer", PAY | {"target": "eva"})], False),
        ([("transfer", PAY), ("transfer", PAY | {"target": "eva", "note": "x"})], False),
        ([("transfer", PAY), ("transfer", "eva")], False),
        ([], False),
    ],
)
def test_calls_have_to_be_the_right_ones(made: list[tuple[str, object]], right: bool) -> None:
    assert TASK.grade(calls(*made)).score == float(right)


def test_a_text_about_calls_is_not_a_call() -> None:
    assert TASK.grade("I would call transfer with main, ben and 100, then with eva.").score == 0


@given(st.text(max_size=30), st.text(max_size=60))
def test_any_call_can_be_written_and_read(name: str, arguments: str) -> None:
    found = calls_in(read(written_call(name, arguments)).blocks)
    assert len(found) <= 1
    assert all(isinstance(given, dict) for _, given in found)


def test_a_call_comes_back_as_it_was_made() -> None:
    text = "Done.\n" + written_call("f", '{"a": [1, "x"]}') + "\n" + written_call("g", "")
    assert calls_in(read(text).blocks) == [("f", {"a": [1, "x"]}), ("g", {})]
    assert calls_in(read(written_call("f", '{"a": ')).blocks) == [("f", {"invalid": True})]
    assert isinstance(TASK, Draft)
