"""What a replay found."""

from collections.abc import Callable, Iterator

from rich.console import RenderableType
from ymera.v1.routing_pb2 import ReplayEstimate, ReplayResponse

from ymera_service.cli.render.tables import table
from ymera_service.cli.render.text import clean

MODELS = 10
"""Models that are shown."""
NARROW = 0.8
"""The overlap below which it is said how little the estimates rest on."""


def replayed(found: ReplayResponse) -> Iterator[RenderableType]:
    """Shows the estimates and how often each model would have come first."""
    skipped = f", {found.skipped_requests} skipped" if found.skipped_requests else ""
    same = f"{found.unchanged_requests} go to the same model"
    yield clean(f"{found.requests} requests replayed by {found.policy}{skipped}; {same}", "bold")
    if not found.requests:
        return
    rows = [
        _row(name, getattr(found, field), shown)
        for name, field, shown in _FIGURES
        if found.HasField(field)  # type: ignore[arg-type]  # one of its fields
    ]
    yield clean("")
    columns = ["per request", "recorded", "estimate", "95 % interval", "known of", "overlap"]
    yield table(columns, rows, ["recorded"], drops=["known of", "overlap"])
    narrow = [name for name, field, _ in _FIGURES if found.HasField(field) and getattr(found, field).overlap < NARROW]  # type: ignore[arg-type]
    if narrow:
        yield clean(
            f"Of {' and '.join(narrow)}, the intervals hold for the overlap alone: other requests were never sent "
            "there, so the rest is what routing expects. More exploration would show it."
        )
    yield clean("")
    models = [[one.model, one.recorded, one.replayed] for one in found.models[:MODELS]]
    yield table(["first candidate", "recorded", "replayed"], models, ["recorded", "replayed"])


def _row(name: str, estimate: ReplayEstimate, shown: Callable[[float], str]) -> list[str]:
    interval = f"{shown(estimate.low)} – {shown(estimate.high)}" if estimate.HasField("low") else "not known"
    return [
        name,
        shown(estimate.recorded),
        shown(estimate.estimate),
        interval,
        f"{estimate.requests}, {estimate.matching_requests} alike",
        f"{estimate.overlap:.0%}",
    ]


_FIGURES: list[tuple[str, str, Callable[[float], str]]] = [
    ("quality", "quality", lambda value: f"{value:.3f}"),
    ("cost", "cost_micros", lambda value: f"${value / 1e6:.6f}"),
    ("seconds", "latency_seconds", lambda value: f"{value:.2f}"),
]
