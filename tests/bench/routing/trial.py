"""Runs policies over prompts in the order of their arrival: each hears only how the model that it chose did."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Protocol

from routing.curve import area, cost_of, scaled
from routing.tables import Outcome, Prompt, Table, means

WARM = 200
"""Prompts that come first in an order: policies that begin warm learn all their outcomes. No others are judged
by them."""
SETTINGS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
"""From the cheapest to the best answer."""
DEFAULT, BEST = 0.5, 1.0
"""The server's default among them, and the quality end."""
KEPT = 0.97
"""The share of the best model's quality whose price is reported."""


class Policy(Protocol):
    """Chooses a model for each prompt."""

    def warm(self, prompts: Sequence[Prompt]) -> None:
        """Takes prompts with the outcomes of all models, as a benchmark has them."""

    def choose(self, prompt: Prompt) -> str:
        """Returns the model that answers."""
        ...

    def learn(self, prompt: Prompt, model: str, outcome: Outcome) -> None:
        """Takes what came of the answer of the model."""


Make = Callable[[Table, float, int], Policy]
"""Returns a policy for a table, for a setting from 0 (cheap) to 1 (good), with the seed of its draws."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a policy reaches.

    Attributes:
        area: See `curve.area`.
        quality: At the quality end, relative to the best single model.
        cost: At the quality end, relative to the best single model.
        kept_at: The least cost, relative to the best single model, of `KEPT` of its quality; None if not reached.
        default_quality: By default, like the cost relative to the best single model.
    """

    area: float
    quality: float
    cost: float
    kept_at: float | None
    default_quality: float
    default_cost: float


def run(policy: Policy, prompts: Sequence[Prompt]) -> Outcome:
    """Returns the mean outcome of the models that a policy chose."""
    chosen = []
    for prompt in prompts:
        model = policy.choose(prompt)
        outcome = prompt.outcomes[model]
        policy.learn(prompt, model, outcome)
        chosen.append(outcome)
    return Outcome(fmean(one.quality for one in chosen), fmean(one.cost for one in chosen))


def judge(make: Make, table: Table, order: int, *, warm: bool, limit: int) -> Result:
    """Returns what a policy reaches on a table's prompts in one order of arrival.

    Args:
        make: Makes a new policy for each setting.
        table: The outcomes.
        order: Names the order; also the seed of the policy's draws.
        warm: The policy learns the outcomes of the first `WARM` prompts.
        limit: How many prompts are judged, at most.
    """
    prompts = table.arranged(order)
    judged = prompts[WARM : WARM + limit]
    reached = {}
    for setting in SETTINGS:
        policy = make(table, setting, order)
        if warm:
            policy.warm(prompts[:WARM])
        reached[setting] = run(policy, judged)
    return result(reached, [*means(judged).values()])


def result(reached: Mapping[float, Outcome], models: Sequence[Outcome]) -> Result:
    """Returns what outcomes, by setting, are beside those of single models."""
    best, cheapest = max(models, key=lambda one: one.quality), min(models, key=lambda one: one.cost)
    points, usual, last = scaled(reached.values(), cheapest, best), reached[DEFAULT], reached[BEST]
    (_, wanted), *_ = scaled([Outcome(KEPT * best.quality, best.cost)], cheapest, best)
    kept_at = cost_of(points, wanted)
    if kept_at is not None:
        kept_at = (cheapest.cost + kept_at * (best.cost - cheapest.cost)) / best.cost
    return Result(
        area=area(points),
        quality=last.quality / best.quality,
        cost=last.cost / best.cost,
        kept_at=kept_at,
        default_quality=usual.quality / best.quality,
        default_cost=usual.cost / best.cost,
    )
