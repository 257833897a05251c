"""Callers with their limits, and what they have spent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType

from ymera_service.cli.render.figures import money
from ymera_service.cli.render.tables import table
from ymera_service.cli.render.text import clean


@dataclass(frozen=True, slots=True)
class CallerLine:
    """A caller: its limits, those of spending in micro-USD, and what it has spent by what is known of it.

    `unpriced` are the calls of this month whose cost is not known.
    """

    name: str
    keys: int
    allow_models: Sequence[str] | None
    requests_per_minute: int | None
    spend_per_day: int | None
    spend_per_month: int | None
    spent_today: int
    spent_this_month: int
    unpriced: int

    def document(self) -> Mapping[str, Any]:
        """Returns it for JSON, with amounts in micro-USD."""
        return {
            "name": self.name,
            "keys": self.keys,
            "allow_models": self.allow_models,
            "requests_per_minute": self.requests_per_minute,
            "spend_per_day_micros": self.spend_per_day,
            "spend_per_month_micros": self.spend_per_month,
            "spent_today_micros": self.spent_today,
            "spent_this_month_micros": self.spent_this_month,
            "unpriced_attempts_this_month": self.unpriced,
        }


_COLUMNS = ("caller", "keys", "models", "per minute", "today", "per day", "this month", "per month")
_RIGHT = ("keys", "per minute", "today", "per day", "this month", "per month")


def callers_report(lines: Sequence[CallerLine]) -> Iterator[RenderableType]:
    """Shows a line for each caller, and what is not known of what they have spent."""
    if not lines:
        yield clean(
            "There are no callers: anyone who can reach the server may use it. `ymera callers add NAME` makes a key."
        )
        return
    yield table(_COLUMNS, [_cells(line) for line in lines], right=_RIGHT, folds=("models",), drops=("keys", "models"))
    if unpriced := sum(line.unpriced for line in lines):
        yield clean(f"The cost of {unpriced:,} of this month's calls is not known, and not in these sums.", "yellow")
    yield clean("Days and months begin at midnight in UTC.", "dim")


def _cells(line: CallerLine) -> Sequence[str]:
    return (
        line.name,
        str(line.keys),
        ", ".join(line.allow_models) if line.allow_models else "all",
        "any number" if line.requests_per_minute is None else f"{line.requests_per_minute:,}",
        _spent(line.spent_today),
        _limit(line.spend_per_day),
        _spent(line.spent_this_month),
        _limit(line.spend_per_month),
    )


def _spent(micros: int) -> str:
    return money(micros) if micros else "$0"


def _limit(micros: int | None) -> str:
    return "no limit" if micros is None else money(micros)
