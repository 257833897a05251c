"""Work other than answering prompts, as every protocol offers it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from ymera_service.execution.facts import Execution, ExecutionRequest
from ymera_service.execution.pipeline import Pipeline
from ymera_service.routing.decision import ANY_PREFERENCES, Preferences
from ymera_service.sdk.context import UNATTRIBUTED, Attribution
from ymera_service.sdk.errors import ModelNotFound
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.work import (
    CountRequest,
    Embeddings,
    Moderations,
    Ranked,
    Ranking,
    Reply,
    TokenCount,
    Verdict,
    WorkRequest,
)
from ymera_service.serving.calls import Call
from ymera_service.serving.checks.attribution import check_attribution
from ymera_service.serving.checks.providers import provider_of
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.checks.work import check_work, check_work_preferences
from ymera_service.serving.executions import notes_of, within_limits
from ymera_service.telemetry.timing import Phase

NO_PROMPT = Prompt(())

Kind = TypeVar("Kind", bound=Reply)


def work_request_of(
    call: Call,
    work: WorkRequest,
    preferences: Preferences,
    faults: Violations,
    *,
    attribution: Attribution = UNATTRIBUTED,
    full_view: bool = False,
) -> ExecutionRequest:
    """Returns the request of a call.

    Args:
        call: Its check phase ends here.
        work: As it was converted.
        preferences: As they were converted.
        faults: What the conversion found; the checks add to it.
        attribution: As it was converted; the log line of the call names it.
        full_view: The decision is to hold every candidate and exclusion.

    Raises:
        InvalidRequest: With all faults.
    """
    check_work(work, faults)
    if preferences is not ANY_PREFERENCES:
        check_work_preferences(preferences, faults)
    if attribution is not UNATTRIBUTED:
        check_attribution(attribution, faults)
    if isinstance(work, CountRequest) and (provider := provider_of(work.prompt, faults)):
        preferences = replace(preferences, provider=provider)
    preferences = within_limits(preferences, call.caller)
    call.timings.add(Phase.CHECK, call.age())
    call.executes = True
    faults.check()
    call.notes |= notes_of(attribution)
    return ExecutionRequest(
        call.request_id,
        NO_PROMPT,
        preferences,
        call.deadline,
        call.headers.traceparent,
        attribution,
        full_view=full_view,
        caller=call.caller.name,
        peer=call.peer,
        budget=call.caller.budget,
        work=work,
    )


@dataclass(frozen=True, slots=True)
class Embedded:
    """A vector for each input, and the execution that made them."""

    execution: Execution
    vectors: tuple[Sequence[float], ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """A count of tokens, and the execution that made it; `estimated` if no provider counted."""

    execution: Execution
    input_tokens: int
    estimated: bool


@dataclass(frozen=True, slots=True)
class Moderated:
    """A verdict on each input, and the execution that made them."""

    execution: Execution
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Reranked:
    """The best documents, the best first, and the execution that found them."""

    execution: Execution
    results: tuple[Ranked, ...]


class Inference:
    """Runs the pipeline for calls, and notes for their log lines what was done."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    async def embed(self, call: Call, request: ExecutionRequest) -> Embedded:
        """Returns a vector for each input.

        Raises:
            YmeraError: Why there are none.
        """
        execution, replies = await self._done(call, request, Embeddings)
        return Embedded(execution, tuple([vector for reply in replies for vector in reply.vectors]))

    async def moderate(self, call: Call, request: ExecutionRequest) -> Moderated:
        """Returns a verdict on each input.

        Raises:
            YmeraError: Why there are none.
        """
        execution, replies = await self._done(call, request, Moderations)
        return Moderated(execution, tuple([verdict for reply in replies for verdict in reply.verdicts]))

    async def rerank(self, call: Call, request: ExecutionRequest) -> Reranked:
        """Returns the documents that answer a query best.

        Raises:
            YmeraError: Why there are none.
        """
        execution, (ranking,) = await self._done(call, request, Ranking)
        return Reranked(execution, ranking.results)

    async def count_tokens(self, call: Call, request: ExecutionRequest) -> Counted:
        """Returns the tokens of a prompt.

        Raises:
            YmeraError: Why it could not be counted.
        """
        try:
            execution, (count,) = await self._done(call, request, TokenCount)
        except ModelNotFound as error:  # the caller names it in a field of its own
            message = error.message.removeprefix("preferences.")
            raise ModelNotFound(message, metadata={**error.metadata, "field": "model"}) from None
        return Counted(execution, count.input_tokens, estimated=execution.turns[-1].answered_by is None)

    async def _done(self, call: Call, request: ExecutionRequest, kind: type[Kind]) -> tuple[Execution, list[Kind]]:
        call.caller.admit()
        done = await self._pipeline.work(request, call.timings)
        call.execution = done.execution
        if done.execution.error is not None:
            raise done.execution.error
        return done.execution, [reply for reply in done.replies if isinstance(reply, kind)]
