"""Events of a provider are checked: their types, their texts, and the size of the answer."""

import pytest

from ymera_service.plugins.answers import EVENT, MAX_FACT, size_of
from ymera_service.sdk.content import Citation
from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.events import (
    Accepted,
    CitationFound,
    Finished,
    KeepAlive,
    OutputItem,
    ReasoningDelta,
    RefusalDelta,
    ResponseStarted,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import Adaptation, AdaptationKind, FinishReason, Usage


@pytest.mark.parametrize(
    ("event", "size"),
    [
        (Accepted(), 0),
        (Accepted((Adaptation(AdaptationKind.DROPPED, "seed", "no"),)), 6),
        (KeepAlive(), 0),
        (ResponseStarted("id", "model"), 7),
        (TextDelta("héllo"), 5),
        (ReasoningDelta("hmm", b"sealed"), 9),
        (RefusalDelta("no"), 2),
        (ToolCallDelta(0, "id", "name", "{}"), 8),
        (OutputItem("text"), 4),
        (CitationFound(Citation("uri", "title", "text")), 12),
        (UsageReported(Usage(1, 2)), 0),
        (Finished(FinishReason.STOP, "stop"), 4),
    ],
)
def test_an_event_counts_its_texts(event: object, size: int) -> None:
    assert size_of(event) == EVENT + size


@pytest.mark.parametrize(
    "event",
    [
        None,
        "text",
        TextDelta(b"text"),  # type: ignore[arg-type]
        TextDelta("\ud83d"),
        TextDelta("text", "0"),  # type: ignore[arg-type]
        ReasoningDelta("text", "signature"),  # type: ignore[arg-type]
        RefusalDelta(None),  # type: ignore[arg-type]
        ToolCallDelta(-1),
        ToolCallDelta(10**9),
        ToolCallDelta(0, 7),  # type: ignore[arg-type]
        ToolCallDelta(0, "x" * (MAX_FACT + 1)),
        CitationFound("https://example.org"),  # type: ignore[arg-type]
        CitationFound(Citation("\udc00")),
        Accepted(["seed"]),  # type: ignore[arg-type]
        Accepted(("seed",)),  # type: ignore[arg-type]
        Accepted((Adaptation("dropped", "seed", "no"),)),  # type: ignore[arg-type]
        UsageReported(None),  # type: ignore[arg-type]
        UsageReported(Usage(1.5)),  # type: ignore[arg-type]
        UsageReported(Usage(10**5000)),
        UsageReported(Usage(1), billed=Usage(1.5)),  # type: ignore[arg-type]
        UsageReported(Usage(1), billed=7),  # type: ignore[arg-type]
        Finished("stop"),  # type: ignore[arg-type]
        Finished(FinishReason.STOP, "x" * (MAX_FACT + 1)),
        OutputItem("x" * (MAX_FACT + 1)),
        ResponseStarted("\ud83d"),
    ],
)
def test_what_is_not_valid_is_refused(event: object) -> None:
    with pytest.raises(MalformedResponse):
        size_of(event)
