"""In which order the candidates are tried, and how likely that first one was."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from random import Random

from ymera_service.routing.decision import Candidate, ScoreComponent

WEIGHTED = "weighted"
FREE_FIRST = "free-first"

_by_score = attrgetter("score")


@dataclass(frozen=True, slots=True)
class Order:
    """The candidates as they are tried.

    Attributes:
        policy: The name of what ordered them.
        candidates: At least one; the first is called first.
        propensity: How likely the policy was to put this first one first, over all seeds.
        drawn: The first one is there because exploration drew it, not for its score.
    """

    policy: str
    candidates: tuple[Candidate, ...]
    propensity: float
    drawn: bool


def pin(candidates: Sequence[Candidate], model: str | None) -> bool:
    """Lets a session's model outscore all others, if it is among the candidates; returns whether it is."""
    for candidate in candidates if model else ():
        if candidate.model == model:
            candidate.components += (ScoreComponent("session", 1.0, 1.0, "answered this session before"),)
            candidate.score += 1.0
            return True
    return False


def arrange(
    candidates: Sequence[Candidate],
    *,
    prefer_free: bool = False,
    pinned: bool = False,
    exploration: float = 0.0,
    seed: int,
) -> Order:
    """Orders candidates by score, the best first; equal ones in an order that the seed draws.

    Args:
        candidates: At least one.
        prefer_free: Puts the free ones before all others, a session's model included.
        pinned: One of them is the session's model; then nothing is explored.
        exploration: How likely the first is drawn from all that could stand first.
        seed: Settles every draw.
    """
    front, back = _tiers(candidates) if prefer_free else (list(candidates), [])
    policy = FREE_FIRST if prefer_free else WEIGHTED
    exploration = 0.0 if pinned else exploration
    draw = Random(seed) if exploration or _has_ties(candidates) else None  # noqa: S311  # no secret: replayable
    ranked = _ranked(front, draw)
    best = ranked[0]
    drawn = draw is not None and draw.random() < exploration
    if draw is not None and drawn:
        _to_front(ranked, draw.randrange(len(ranked)))
    tied = sum(candidate.score == best.score for candidate in ranked)
    propensity = exploration / len(ranked)
    if ranked[0].score == best.score:
        propensity += (1 - exploration) / tied
    return Order(policy, (*ranked, *_ranked(back, draw)), min(propensity, 1.0), drawn and ranked[0] is not best)


def _tiers(candidates: Sequence[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    free = [candidate for candidate in candidates if candidate.expected_cost_micros == 0]
    others = [candidate for candidate in candidates if candidate.expected_cost_micros != 0]
    return (free, others) if free else (others, [])


def _has_ties(candidates: Sequence[Candidate]) -> bool:
    return len({candidate.score for candidate in candidates}) < len(candidates)


def _ranked(candidates: list[Candidate], draw: Random | None) -> list[Candidate]:
    if draw is not None:
        draw.shuffle(candidates)
    return sorted(candidates, key=_by_score, reverse=True)


def _to_front(candidates: list[Candidate], index: int) -> None:
    candidates.insert(0, candidates.pop(index))
