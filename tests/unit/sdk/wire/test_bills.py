"""Amounts that vendors bill."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.sdk.billing import Bill
from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.wire.bills import MOST_PAGES, daily, dollars, pages

FIRST = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("value", "expected"), [(0.06, "0.06"), (3, "3"), ("123.45", "123.45"), ("-1e2", "-100"), ("0E-6176", "0")]
)
def test_an_amount_is_exact(value: object, expected: str) -> None:
    assert dollars(value, "USD", "amount") == Decimal(expected)


@pytest.mark.parametrize("value", [None, True, "", "NaN", "Infinity", float("inf"), "1e13", [1], {}, "1" * 65, "1,5"])
def test_what_is_not_an_amount_is_malformed(value: object) -> None:
    with pytest.raises(MalformedResponse, match="amount: the provider sent"):
        dollars(value, "usd", "amount")


@pytest.mark.parametrize("currency", [None, "", "eur", 1])
def test_another_currency_is_malformed(currency: object) -> None:
    with pytest.raises(MalformedResponse, match="only USD"):
        dollars(1, currency, "amount")


@given(st.lists(st.tuples(st.integers(-3, 12), st.decimals(-(10**6), 10**6, places=9)), max_size=50))
def test_days_add_up_to_within_half_a_micro(costs: list[tuple[int, Decimal]]) -> None:
    dated = [(FIRST + timedelta(days=ago), amount) for ago, amount in costs]
    bills = daily(dated, FIRST, FIRST + timedelta(days=10))
    assert [bill.day for bill in bills] == sorted({day for day, _ in dated if 0 <= (day - FIRST).days < 10})
    for bill in bills:
        exact = sum((amount for day, amount in dated if day == bill.day), Decimal())
        assert abs(exact * 1_000_000 - bill.micros) <= Decimal("0.5")


def test_many_small_amounts_are_rounded_once() -> None:
    assert daily([(FIRST, Decimal("0.0000004"))] * 10, FIRST, date.max) == [Bill(FIRST, 4)]
    with pytest.raises(MalformedResponse, match="add up"):
        daily([(FIRST, Decimal(10**12))] * 2, FIRST, date.max)


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        (lambda count: {"has_more": True}, "no further page"),
        (lambda count: {"has_more": True, "next_page": "same"}, "no further page"),
        (lambda count: {"has_more": True, "next_page": str(count)}, f"more than {MOST_PAGES} pages"),
    ],
)
async def test_pages_without_end_are_malformed(page: Any, problem: str) -> None:
    asked: list[str] = []

    async def fetch(token: str) -> dict[str, Any]:
        asked.append(token)
        found: dict[str, Any] = page(len(asked))
        return found

    with pytest.raises(MalformedResponse, match=problem):
        await pages(fetch)
    assert len(asked) <= MOST_PAGES
