"""What was recorded beside what vendors bill, as on a terminal."""

from datetime import UTC, datetime
from typing import Any

import pytest
from ymera.v1.usage_pb2 import BilledDay, CompareBillsResponse, UnbilledProvider

from tests.unit.cli.render.shown import lines
from ymera_service.cli.render.bills import bills_report


def day(number: int, provider: str, **figures: Any) -> BilledDay:
    found = BilledDay(provider=provider, **figures)
    found.start_time.FromDatetime(datetime(2026, 11, number, tzinfo=UTC))
    return found


COMPARISON = CompareBillsResponse(
    days=[
        day(1, "anthropic", recorded_micros=1_250_000, billed_micros=1_250_000),
        day(1, "openai", recorded_micros=1_000_000, billed_micros=2_500_000),
        day(2, "anthropic", recorded_micros=10, billed_micros=-500_000),
        day(2, "openai", unpriced_attempts=3, billed_micros=0),
        day(3, "openai", recorded_micros=0),
    ],
    unbilled=[UnbilledProvider(provider="openrouter", reason="set OPENROUTER_MANAGEMENT_KEY")],
)


def test_days_and_what_is_not_known_are_shown() -> None:
    assert lines(bills_report(COMPARISON)) == [
        "day         provider   recorded  billed  difference",
        "2026-11-01  anthropic     $1.25   $1.25       $0.00",
        "2026-11-01  openai        $1.00   $2.50      +$1.50",
        "2026-11-02  anthropic  $0.00001  -$0.50   -$0.50001",
        "2026-11-02  openai      unknown   $0.00           –",
        "2026-11-03  openai        $0.00       –           –",
        "billed − recorded, in UTC. Vendors bill all use of an organization, and hours later.",
        "The cost of 3 recorded attempts is not known.",
        "openrouter: set OPENROUTER_MANAGEMENT_KEY",
    ]


@pytest.mark.parametrize("width", [80, 60, 40])
def test_it_fits_a_narrow_terminal(width: int) -> None:
    shown = lines(bills_report(COMPARISON), width)
    assert max(map(len, shown)) <= width
    assert all(amount in "\n".join(shown) for amount in ("+$1.50", "-$0.50001", "2026-11-03"))


def test_that_no_vendor_can_be_asked_is_said() -> None:
    assert lines(bills_report(CompareBillsResponse())) == ["No provider in use can be asked for its bills."]
