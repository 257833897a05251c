"""An execution: the summary line under an answer, and the whole of it."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from ymera.v1.content_pb2 import FinishReason
from ymera.v1.routing_pb2 import Attempt, Decision, Execution, ExecutionStatus, GetExecutionResponse, Operation
from ymera.v1.ymera_pb2 import ExecutionCompleted

from ymera_service.cli.render.decision import attempts, decision
from ymera_service.cli.render.figures import cost, duration, seconds, tokens, word
from ymera_service.cli.render.tables import table
from ymera_service.cli.render.text import clean


def summary(done: ExecutionCompleted, made: Decision, request_id: str, took: float) -> str:
    """Returns the summary line under an answer: model, reason, tokens, cost, time, and the id for `ymera explain`.

    A finish reason other than "stop" is shown too.
    """
    planned = bool(made.candidates) and made.candidates[0].model == done.model
    why = made.explanation if planned else f"{done.model} {_detour(done.attempts)} ({made.explanation})"
    ending = word(FinishReason.Name(done.finish_reason), "FINISH_REASON_")
    parts = [why, tokens(done.usage), cost(done.usage), seconds(took), "" if ending == "stop" else ending, request_id]
    return " · ".join(filter(None, parts))


def _detour(made: Iterable[Attempt]) -> str:
    """Returns why another model answered than the first: calls failed, or one was slow and a hedge quicker."""
    overtook = any(attempt.hedge and not attempt.HasField("error") for attempt in made)
    failed = sum(attempt.HasField("error") for attempt in made) - overtook
    failures = {0: "", 1: "after 1 failure"}.get(failed, f"after {failed} failures")
    return " ".join(filter(None, [failures, "before a slow one" if overtook else ""])) or "as others were busy"


def history(past: Sequence[Execution]) -> Iterator[RenderableType]:
    """Shows past requests, one row each."""
    if not past:
        yield clean("No matching request is stored.")
        return
    rows = [
        [
            each.create_time.ToDatetime().isoformat(" ", "seconds"),
            each.request_id,
            word(ExecutionStatus.Name(each.status), "EXECUTION_STATUS_"),
            tokens(each.usage).removesuffix(" tokens") if each.model else "",
            cost(each.usage) if each.model else "",
            duration(each.duration) if each.HasField("duration") else "",
            f"{each.model}{_other_work(each)}",
        ]
        for each in past
    ]
    figures = ["tokens", "cost", "time"]
    yield table(
        ["when (UTC)", "id", "status", *figures, "model"],
        rows,
        right=figures,
        drops=["tokens", "when (UTC)", "time", "status", "cost", "model"],
    )


def _other_work(past: Execution) -> str:
    """Returns what a request did, if it did not answer a prompt."""
    answers = past.operation in (Operation.OPERATION_UNSPECIFIED, Operation.OPERATION_CHAT)
    return "" if answers else f" {word(Operation.Name(past.operation), 'OPERATION_')}"


def execution(past: Execution) -> Iterator[RenderableType]:
    """Shows a past request."""
    status = word(ExecutionStatus.Name(past.status), "EXECUTION_STATUS_")
    when = past.create_time.ToDatetime().isoformat(" ", "seconds")
    took = f" in {duration(past.duration)}" if past.HasField("duration") else ""
    first = f", first token after {duration(past.time_to_first_token)}" if past.HasField("time_to_first_token") else ""
    yield clean(f"{when} UTC:{_other_work(past)} {status}{took}{first}")
    if past.usage.input_tokens or past.usage.output_tokens:
        yield clean(f"{tokens(past.usage)} · {cost(past.usage)}")
    if past.HasField("error"):
        yield clean(f"{past.error.reason}: {past.error.message}", "red")
    origin = [
        f"session {past.session_id}" if past.session_id else "",
        f"agent {past.attribution.agent_name}" if past.attribution.agent_name else "",
        f"end user {past.attribution.end_user}" if past.attribution.end_user else "",
        *(f"{key}={value}" for key, value in sorted(past.attribution.labels.items())),
    ]
    if any(origin):
        yield clean(" · ".join(filter(None, origin)), "dim")
    yield clean("")
    yield from decision(past.decision)
    if past.attempts:
        yield clean("")
        yield attempts(past.attempts)


def recomputed(found: GetExecutionResponse) -> Iterator[RenderableType]:
    """Shows a decision that was computed again, or why it could not be."""
    yield clean("")
    if found.recomputation_problem:
        yield clean(f"The decision can't be computed again: {found.recomputation_problem}.", "yellow")
        return
    yield clean("Computed again with the catalogue of that time, and the scores and speeds known now:", "dim")
    yield from decision(found.recomputed_decision)
