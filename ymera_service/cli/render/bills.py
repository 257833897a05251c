"""What was recorded beside what vendors bill, as a table."""

from collections.abc import Iterator

from rich.console import RenderableType
from ymera.v1.usage_pb2 import BilledDay, CompareBillsResponse

from ymera_service.cli.render.figures import money
from ymera_service.cli.render.tables import table
from ymera_service.cli.render.text import clean

_FIGURES = ("recorded", "billed", "difference")
_NOT_SAID = "–"


def bills_report(comparison: CompareBillsResponse) -> Iterator[RenderableType]:
    """Shows the days, what of them has no price, and which providers gave no bills and why."""
    if comparison.days:
        cells = [[_day(day), day.provider, *_figures(day)] for day in comparison.days]
        yield table(
            ["day", "provider", *_FIGURES], cells, right=_FIGURES, folds=["provider"], drops=["recorded", "billed"]
        )
        yield clean("billed − recorded, in UTC. Vendors bill all use of an organization, and hours later.", "dim")
    elif not comparison.unbilled:
        yield clean("No provider in use can be asked for its bills.")
    if unpriced := sum(day.unpriced_attempts for day in comparison.days):
        yield clean(f"The cost of {unpriced:,} recorded attempts is not known.", "yellow")
    for each in comparison.unbilled:
        yield clean(f"{each.provider}: {each.reason}", "yellow")


def difference(day: BilledDay) -> int | None:
    """Returns how much more is billed than was recorded, in micro-USD; None if either is not known."""
    if not (day.HasField("recorded_micros") and day.HasField("billed_micros")):
        return None
    return day.billed_micros - day.recorded_micros


def _figures(day: BilledDay) -> Iterator[str]:
    yield _amount(day.recorded_micros) if day.HasField("recorded_micros") else "unknown"
    yield _amount(day.billed_micros) if day.HasField("billed_micros") else _NOT_SAID
    more = difference(day)
    yield _NOT_SAID if more is None else _amount(more, plus="+" if more > 0 else "")


def _amount(micros: int, plus: str = "") -> str:
    """Returns an amount with its sign; nothing is an amount too, and not free."""
    sign = "-" if micros < 0 else plus
    return f"{sign}{money(abs(micros))}" if micros else "$0.00"


def _day(day: BilledDay) -> str:
    return day.start_time.ToDatetime().date().isoformat()
