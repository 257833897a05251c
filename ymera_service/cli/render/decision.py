"""A routing decision."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text
from ymera.v1.routing_pb2 import Attempt, Candidate, Decision, Exclusion, ExclusionCount, ExclusionReason

from ymera_service.cli.render.figures import duration, money, word
from ymera_service.cli.render.tables import table
from ymera_service.cli.render.text import clean

SHOWN = 20
"""The maximum number of rows of a table; a full view may hold a thousand models."""
SHOWN_EMOTION = 0.1
"""The least probability of an emotion that is shown."""


def decision(made: Decision) -> Iterator[RenderableType]:
    """Shows the explanation, what was made of the prompt, candidates, the evidence for the first, and exclusions."""
    yield clean(made.explanation, "bold")
    yield _reading(made)
    if made.candidates:
        yield clean("")
        yield _candidates(made)
        yield from _rest(max(made.candidate_count, len(made.candidates)), len(made.candidates))
        yield clean("")
        yield from _evidence(made.candidates[0])
    if made.exclusions:
        yield clean("")
        yield _exclusions(made.exclusions)
    if made.excluded_targets:
        yield clean("")
        yield _excluded(made.excluded_targets)
        yield from _rest(len(made.excluded_targets), len(made.excluded_targets))


def _reading(made: Decision) -> Text:
    likely = [
        f"{one.category} {one.probability:.2f}" for one in made.category_probabilities if one.probability >= 0.005
    ]
    parts = ["category: " + " · ".join(likely or [made.category])]
    if felt := [f"{one.emotion} {one.probability:.2f}" for one in made.emotions if one.probability >= SHOWN_EMOTION]:
        parts.append("emotion: " + " · ".join(felt))
    if made.HasField("complexity"):
        parts.append(f"complexity: {made.complexity:.2f}")
    return clean("; ".join(parts), "dim")


def _candidates(made: Decision) -> RenderableType:
    names = list(dict.fromkeys(part.name for each in made.candidates for part in each.components))
    weights = {part.name: part.weight for each in made.candidates for part in each.components}
    headers = [f"{name} ×{weights[name]:.2f}" for name in names]
    figures = ["", "score", *headers, "cost", "time"]
    rows = [
        [
            str(rank),
            clean(target(each), "bold" if rank == 1 else ""),
            f"{each.score:.3f}",
            *_values(each, names),
            money(each.expected_cost_micros) if each.HasField("expected_cost_micros") else "unknown",
            duration(each.expected_latency) if each.HasField("expected_latency") else "?",
        ]
        for rank, each in enumerate(made.candidates[:SHOWN], 1)
    ]
    drops = (*reversed(headers), "score", "time")
    return table(["", "model", "score", *headers, "cost", "time"], rows, right=figures, folds=(), drops=drops)


def _values(candidate: Candidate, names: Sequence[str]) -> list[str]:
    values = {part.name: f"{part.value:.2f}" for part in candidate.components}
    return [values.get(name, "") for name in names]


def _evidence(first: Candidate) -> Iterator[RenderableType]:
    yield clean(f"why {first.model}", "bold")
    rows = [
        ["", f"{part.value * part.weight:.3f}", part.name, clean(part.evidence, "dim")] for part in first.components
    ]
    yield table(["", "share", "of", "evidence"], rows, right=["share"], header=False)


def _exclusions(counted: Sequence[ExclusionCount]) -> RenderableType:
    rows = [
        [str(each.count), _reason(each.reason), clean(f"{each.model} {each.detail}".strip(), "dim")] for each in counted
    ]
    return table(["excluded", "why", "such as"], rows, right=["excluded"], drops=["such as"])


def _excluded(excluded: Sequence[Exclusion]) -> RenderableType:
    rows = [[target(each), _reason(each.reason), clean(each.detail, "dim")] for each in excluded[:SHOWN]]
    return table(["excluded", "why", ""], rows, drops=[""])


def _reason(reason: ExclusionReason.ValueType) -> str:
    return word(ExclusionReason.Name(reason), "EXCLUSION_REASON_")


def attempts(made: Sequence[Attempt]) -> RenderableType:
    """Shows the attempts, one row each."""
    rows = [
        [
            f"{each.turn}.{each.number}" if each.turn > 1 else str(each.number),
            target(each) + (" (hedge)" if each.hedge else ""),
            duration(each.duration),
            duration(each.time_to_first_token) if each.HasField("time_to_first_token") else "",
            clean(f"{each.error.reason}: {each.error.message}", "red") if each.HasField("error") else "answered",
        ]
        for each in made
    ]
    figures = ["attempt", "time", "first token"]
    return table(
        ["attempt", "model", "time", "first token", "outcome"], rows, right=figures, drops=["first token", "time"]
    )


def target(named: Candidate | Exclusion | Attempt) -> str:
    """Returns the name of a target: the model's id, and account and endpoint if there are several."""
    account = f"#{named.account}" if named.account else ""
    endpoint = f"@{named.endpoint}" if named.endpoint else ""
    return f"{named.model}{account}{endpoint}"


def _rest(count: int, sent: int) -> Iterator[Text]:
    """Reports how many rows are not shown, and how to see them."""
    shown = min(sent, SHOWN)
    if count > shown:
        yield clean(f"… and {count - shown} more; --full --json shows all", "dim")
