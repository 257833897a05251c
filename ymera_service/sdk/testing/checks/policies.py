"""The requirements on a policy; see `ymera_service.sdk.policies`. Needs numpy: the SDK's extra `policies`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from time import perf_counter
from typing import Any

import numpy as np

from ymera_service.sdk.policies import Column, RoutingPolicy


@dataclass(frozen=True, slots=True)
class Sample:
    """Candidates to test a policy with; see `ymera_service.sdk.policies.Candidates`."""

    models: Sequence[str]
    quality: Column
    doubt: Column
    speed: Column
    cost: Column
    micros: Column
    success: Column
    previous: Column
    balance: Column
    complexity: float | None = 0.5
    turn: int = 0

    @classmethod
    def drawn(cls, count: int, seed: int = 1, *, turn: int = 0) -> "Sample":
        """Returns candidates of all kinds, among them free ones, some whose price is not known, and equal ones."""
        draw = Random(seed)  # noqa: S311  # not a secret
        quality, speed, cost = (
            _column([draw.choice([0.0, 0.5, draw.random(), 1.0]) for _ in range(count)]) for _ in "qsc"
        )
        micros = _column([draw.choice([0.0, np.nan, draw.uniform(1, 10**6)]) for _ in range(count)])
        return cls(
            models=[f"acme/m-{number:05}" for number in range(count)],
            quality=quality,
            doubt=_column([draw.uniform(0.01, 0.3) for _ in range(count)]),
            speed=speed,
            cost=cost,
            micros=micros,
            success=_column([draw.choice([0.95, draw.random()]) for _ in range(count)]),
            previous=_column([float(number == 1) for number in range(count)]),
            balance=_column(list(0.72 * quality + 0.1 * speed + 0.18 * cost)),
            turn=turn,
        )

    def with_turn(self, turn: int) -> "Sample":
        """Returns the same candidates at another turn."""
        return replace(self, turn=turn)


def _column(values: Sequence[float]) -> Any:
    column = np.array(values, float)
    column.flags.writeable = False
    return column


def check_scores(policy: RoutingPolicy, candidates: Sample) -> None:
    """Asserts that there is a finite score for each candidate, and the same ones when asked again."""
    scores, again = (np.array(policy.score(candidates), float) for _ in range(2))
    assert scores.shape == (len(candidates.models),), f"{scores.shape} scores for {len(candidates.models)} candidates"
    assert np.isfinite(scores).all(), f"not finite: {scores}"
    assert np.array_equal(scores, again), "the same candidates are scored in another way when asked again"


def check_quick(policy: RoutingPolicy, candidates: Sample, seconds: float, tries: int = 20) -> None:
    """Asserts that the fastest of several tries, which other load disturbs least, takes at most `seconds`."""
    took = min(_seconds(policy, candidates) for _ in range(tries))
    assert took <= seconds, (
        f"{took * 1e6:.0f} µs is more than {seconds * 1e6:.0f} µs for {len(candidates.models)} candidates"
    )


def _seconds(policy: RoutingPolicy, candidates: Sample) -> float:
    start = perf_counter()
    policy.score(candidates)
    return perf_counter() - start
