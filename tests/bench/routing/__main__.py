"""Prints what quality each policy buys for what cost, on tables of recorded outcomes, and which goals that reaches.

    PYTHONPATH=tests/bench uv run python -m routing [--orders 3] [--prompts 1000] [--data FOLDER]

Each policy sees the prompts in several orders of arrival and hears only of the model it chose: how good its answer was
and how long. *Warm*, it first hears all outcomes of 200 prompts that are not judged. Figures are means over the orders,
each with half of its 95 % interval: the area under cost-quality (0 and 1 are the cheapest and the best single model, on
both axes), quality and cost relative to the best single model at the quality end and by default, and the relative cost
of 97 % of its quality.
"""

import argparse
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from routing.goals import goals, spread
from routing.policies import Neighbours, Ymera, best, cheapest
from routing.tables import DATA, tables
from routing.trial import Make, Result, judge

POLICIES: Sequence[tuple[str, Make, bool]] = (
    ("always best", best, False),
    ("cheapest", cheapest, False),
    ("neighbours, cold", Neighbours, False),
    ("neighbours, warm", Neighbours, True),
    ("Ymera, cold", Ymera, False),
    ("Ymera, warm", Ymera, True),
)
HEAD = f"{'':18} {'area':14} {'97 % at':14} {'quality end':14} {'its cost':14} {'default':14} {'its cost':14}"


def line(name: str, results: Sequence[Result]) -> str:
    """Returns a row of figures."""
    columns = (
        [each.area for each in results],
        [each.kept_at for each in results if each.kept_at is not None],
        [each.quality for each in results],
        [each.cost for each in results],
        [each.default_quality for each in results],
        [each.default_cost for each in results],
    )
    shown = [spread(column) if len(column) == len(results) else "not reached" for column in columns]
    return f"{name:18} " + " ".join(f"{each:14}" for each in shown)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="routing", description=__doc__)
    parser.add_argument("--orders", type=int, default=3, help="of arrival")
    parser.add_argument("--prompts", type=int, default=1000, help="judged in each order, at most")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of the tables")
    parser.add_argument("--table", default="", help="only this one")
    parser.add_argument("--policy", default="", help="only those whose name begins so")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    for table in tables(options.data):
        if options.table not in ("", table.name):
            continue
        print(f"{table.name}: {len(table.prompts)} prompts, {len(table.prices)} models\n{HEAD}")
        found: Mapping[str, Sequence[Result]] = {}
        for name, make, warm in POLICIES:
            if name.startswith(options.policy):
                orders = range(options.orders)
                results = [judge(make, table, order, warm=warm, limit=options.prompts) for order in orders]
                found = {**found, name: results}
                print(line(name, results), flush=True)
        for goal in goals(found):
            print(goal, flush=True)


if __name__ == "__main__":
    main()
