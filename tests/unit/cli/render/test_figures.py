"""Formatting of figures for people."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera.v1.usage_pb2 import Usage

from ymera_service.cli.render.figures import cost, money, seconds, tokens, word


@given(micros=st.integers(min_value=1, max_value=10**15))
def test_amounts_are_exact(micros: int) -> None:
    text = money(micros)
    assert Decimal(text.removeprefix("$").replace(",", "")) * 1_000_000 == micros
    assert len(text.partition(".")[2]) >= 2


@pytest.mark.parametrize(
    ("micros", "text"),
    [(None, "cost unknown"), (0, "free"), (42, "$0.000042"), (1_250_000, "$1.25"), (3_000_000_000, "$3,000.00")],
)
def test_free_and_unknown_amounts_are_distinguished(micros: int | None, text: str) -> None:
    assert money(micros) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0 ms"),
        (0.0004, "0.4 ms"),
        (0.84, "840 ms"),
        (0.9996, "1.00 s"),
        (1.239, "1.24 s"),
        (59.999, "1 min 0 s"),
        (125, "2 min 5 s"),
        (12_000, "3 h 20 min"),
        (190_000, "2 d 4 h"),
    ],
)
def test_durations_have_a_suitable_unit(value: float, text: str) -> None:
    assert seconds(value) == text


def test_estimated_tokens_are_marked_and_an_unknown_cost_is_not_free() -> None:
    assert tokens(Usage(input_tokens=1200, output_tokens=45)) == "1,200 → 45 tokens"
    assert tokens(Usage(input_tokens=12, output_tokens=4, estimated=True)) == "~12 → ~4 tokens"
    assert (cost(Usage()), cost(Usage(cost_micros=0)), cost(Usage(cost_micros=5))) == (
        "cost unknown",
        "free",
        "$0.000005",
    )


def test_an_enums_name_becomes_a_word() -> None:
    assert word("EXCLUSION_REASON_TOO_EXPENSIVE", "EXCLUSION_REASON_") == "too expensive"
