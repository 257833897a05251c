"""Prints what quality each policy buys for what cost, on tables of recorded outcomes.

    PYTHONPATH=tests/bench uv run python -m routing [--orders 3] [--prompts 1000] [--data FOLDER]

Each policy sees the prompts in several orders of arrival and hears only how the model it chose did; *warm*, it first
hears all outcomes of 200 prompts that are not judged. Figures are means over the orders: the area under
cost-quality (0 and 1 are the cheapest and the best single model, on both axes), quality and cost at the quality end
relative to the best single model, and the relative cost of 97 % of its quality.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

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


def line(name: str, results: Sequence[Result]) -> str:
    """Returns a row: means over the orders, and the lowest and highest area."""
    areas = [each.area for each in results]
    kept = [each.kept_at for each in results if each.kept_at is not None]
    price = f"{fmean(kept):.2f}" if len(kept) == len(results) else "not reached"
    spread = f"{fmean(areas):.3f} ({min(areas):.3f}–{max(areas):.3f})"
    quality, cost = fmean(each.quality for each in results), fmean(each.cost for each in results)
    return f"{name:18} {spread:22} {quality:8.3f} {cost:8.2f}  {price}"


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="routing", description=__doc__)
    parser.add_argument("--orders", type=int, default=3, help="of arrival")
    parser.add_argument("--prompts", type=int, default=1000, help="judged in each order, at most")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of the tables")
    parser.add_argument("--table", default="", help="only this one")
    parser.add_argument("--policy", default="", help="only those whose name begins so")
    options = parser.parse_args()
    for table in tables(options.data):
        if options.table not in ("", table.name):
            continue
        print(f"{table.name}: {len(table.prompts)} prompts, {len(table.prices)} models")
        print(f"{'':18} {'area (over orders)':22} {'quality':>8} {'cost':>8}  cost of 97 %")
        for name, make, warm in POLICIES:
            if name.startswith(options.policy):
                orders = range(options.orders)
                results = [judge(make, table, order, warm=warm, limit=options.prompts) for order in orders]
                print(line(name, results), flush=True)


if __name__ == "__main__":
    main()
