"""Prints what published scores are worth before and after outcomes come.

    PYTHONPATH=tests/bench uv run python -m routing.prior [--orders 3] [--data FOLDER]

Two routers, one of which knows the published scores, answer the same prompts by default and hear how good each answer
of theirs was. After some outcomes, both choose for prompts of which they hear nothing, at all settings. Shown is the
area under cost-quality of both, and their difference with half of its 95 % interval over the orders; the same for
quality by default, relative to the best single model.
"""

import argparse
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import structlog
from ymera_published.prior import PublishedScores

from routing.goals import spread
from routing.policies import Ymera
from routing.tables import DATA, Outcome, Prompt, Table, means, tables
from routing.trial import DEFAULT, SETTINGS, Result, result

OUTCOMES = (0, 50, 200, 1000)
"""After which both are compared."""
ASKED = 200
"""Prompts that both choose for."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What routing reaches without and with the prior, after some outcomes."""

    outcomes: int
    without: Result
    informed: Result


def compared(table: Table, order: int) -> Iterator[Pair]:
    """Yields a comparison after each number of outcomes that a table has prompts for."""
    prompts = table.arranged(order)
    asked, heard = prompts[:ASKED], prompts[ASKED:]
    both = [Ymera(table, DEFAULT, order), Ymera(table, DEFAULT, order, PublishedScores())]
    known = 0
    for count in OUTCOMES:
        for router in both:
            for prompt in heard[known:count]:
                model = router.choose(prompt)
                router.learn(prompt, model, prompt.outcomes[model])
        known = count
        without, informed = [_reached(router, asked) for router in both]
        yield Pair(count, without, informed)


def _reached(router: Ymera, asked: Sequence[Prompt]) -> Result:
    chosen = {
        setting: [prompt.outcomes[router.would_choose(prompt, setting)] for prompt in asked] for setting in SETTINGS
    }
    mean = {
        setting: Outcome(fmean(each.quality for each in outcomes), fmean(each.cost for each in outcomes))
        for setting, outcomes in chosen.items()
    }
    return result(mean, [*means(asked).values()])


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="routing.prior", description=__doc__)
    parser.add_argument("--orders", type=int, default=3, help="of arrival")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of the tables")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    print(f"{'':10} {'outcomes':>8} {'area':>6} {'informed':>8} {'gain':14} {'default':>7} {'informed':>8} {'gain':14}")
    for table in tables(options.data):
        pairs = [[*compared(table, order)] for order in range(options.orders)]
        for same in zip(*pairs, strict=True):
            areas = [(each.without.area, each.informed.area) for each in same]
            qualities = [(each.without.default_quality, each.informed.default_quality) for each in same]
            print(f"{table.name:10} {same[0].outcomes:>8} {_columns(areas)} {_columns(qualities)}", flush=True)


def _columns(figures: Sequence[tuple[float, float]]) -> str:
    without, informed = zip(*figures, strict=True)
    gain = spread([after - before for before, after in figures])
    return f"{fmean(without):>6.3f} {fmean(informed):>8.3f} {gain:14}"


if __name__ == "__main__":
    main()
