"""Reads what vendors bill: pages of daily amounts, summed exactly and rounded once a day."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from datetime import date
from decimal import Decimal, InvalidOperation

from ymera_service.sdk.billing import Bill
from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.wire.json_reader import Json, text

MOST_PAGES = 100
"""Pages of one answer: more than a vendor needs for 180 days."""
_MICRO = 1_000_000
_LARGEST = Decimal(10**12)
"""US dollars; what is above is not an amount, and would not fit into 64 bits as micro-USD."""
_LONGEST = 64
"""Characters of an amount that is written as text."""

Cost = tuple[date, Decimal]
"""A day, and US dollars."""


def dollars(value: object, currency: object, path: str) -> Decimal:
    """Returns an amount in US dollars, which vendors write as a number or as text.

    Raises:
        MalformedResponse: It is not an amount, or in another currency.
    """
    if not isinstance(currency, str) or currency.lower() != "usd":
        raise MalformedResponse(f"{path}: the provider bills in {str(currency)[:16]!r}; only USD can be compared")
    if isinstance(value, int | float | str) and not isinstance(value, bool) and len(str(value)) <= _LONGEST:
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            pass
        else:
            if amount.is_finite() and abs(amount) <= _LARGEST:
                return amount
    raise MalformedResponse(f"{path}: the provider sent {str(value)[:_LONGEST]!r}, which is not an amount")


def daily(costs: Iterable[Cost], start: date, end: date) -> list[Bill]:
    """Returns the sum of each day from `start` on and before `end`, in order.

    Raises:
        MalformedResponse: A sum is too large to be one.
    """
    sums: defaultdict[date, Decimal] = defaultdict(Decimal)
    for day, amount in costs:
        if start <= day < end:
            sums[day] += amount
    if any(abs(total) > _LARGEST for total in sums.values()):
        raise MalformedResponse("the provider's amounts of a day add up to more than can be billed")
    return [Bill(day, round(total * _MICRO)) for day, total in sorted(sums.items())]


async def pages(fetch: Callable[[str], Awaitable[Json]]) -> list[Json]:
    """Returns all pages of an answer with `has_more` and `next_page`.

    Args:
        fetch: Returns the page of a token; that of an empty token is the first.

    Raises:
        MalformedResponse: A page that is to follow is not named, was there already, or is one too many. A sum of some
            pages would look like a whole one.
    """
    found: list[Json] = []
    seen = {""}
    token = ""
    while len(found) < MOST_PAGES:
        page = await fetch(token)
        found.append(page)
        if page.get("has_more") is not True:
            return found
        token = text(page, "next_page")
        if token in seen:
            raise MalformedResponse("next_page: the provider names no further page, but has_more is true")
        seen.add(token)
    raise MalformedResponse(f"the provider sent more than {MOST_PAGES} pages")
