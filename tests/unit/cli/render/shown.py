"""A terminal of some width, and a decision to show on it."""

import io
from collections.abc import Iterable

from google.protobuf.duration_pb2 import Duration
from rich.console import Console, RenderableType
from ymera.v1 import errors_pb2, routing_pb2

TWO_SECONDS = Duration(seconds=2)


def lines(pictures: Iterable[RenderableType], width: int = 200) -> list[str]:
    console = Console(record=True, width=width, file=io.StringIO(), markup=False, highlight=False)
    console.print(*pictures, sep="\n")
    return [line.rstrip() for line in console.export_text().splitlines()]


def candidate(model: str, score: float, quality: float, **more: object) -> routing_pb2.Candidate:
    parts = [
        routing_pb2.ScoreComponent(name="quality", value=quality, weight=0.6, evidence="over 24 tasks"),
        routing_pb2.ScoreComponent(name="cost", value=1, weight=0.4, evidence="free"),
    ]
    return routing_pb2.Candidate(model=model, score=score, components=parts, **more)  # type: ignore[arg-type]


DECISION = routing_pb2.Decision(
    category="coding",
    complexity=0.376,
    emotions=[
        routing_pb2.EmotionProbability(emotion="frustration", probability=0.7),
        routing_pb2.EmotionProbability(emotion="neutral", probability=0.25),
        routing_pb2.EmotionProbability(emotion="joy", probability=0.05),
    ],
    category_probabilities=[
        routing_pb2.CategoryProbability(category="coding", probability=0.81),
        routing_pb2.CategoryProbability(category="math", probability=0.19),
        routing_pb2.CategoryProbability(category="empathy", probability=0.001),
    ],
    candidates=[
        candidate("acme/large", 0.94, 0.9, expected_cost_micros=120, expected_latency=TWO_SECONDS),
        candidate("acme/small", 0.7, 0.5),
    ],
    candidate_count=12,
    exclusions=[
        routing_pb2.ExclusionCount(
            reason=routing_pb2.EXCLUSION_REASON_TOO_EXPENSIVE,
            count=3,
            model="acme/dear",
            detail="$0.02 expected, above $0.01",
        )
    ],
    explanation="acme/large for coding (0.81): best quality",
)
ATTEMPTS = [
    routing_pb2.Attempt(
        turn=1,
        number=1,
        model="acme/large",
        account="key-1",
        endpoint="eu",
        duration=TWO_SECONDS,
        error=errors_pb2.Error(reason="RATE_LIMITED", message="no"),
    ),
    routing_pb2.Attempt(turn=1, number=2, model="acme/small", duration=TWO_SECONDS, time_to_first_token=TWO_SECONDS),
    routing_pb2.Attempt(turn=2, number=1, model="acme/small", duration=TWO_SECONDS),
]
