"""Routing and executing, as every protocol offers it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from ymera_service.execution.answer import Answer
from ymera_service.execution.events import ExecutionEvent
from ymera_service.execution.facts import ExecutionRequest
from ymera_service.execution.pipeline import Pipeline
from ymera_service.routing.decision import Decision, Preferences
from ymera_service.sdk.generation import Prompt
from ymera_service.serving.calls import Call
from ymera_service.serving.checks.preferences import check_preferences
from ymera_service.serving.checks.prompts import check_prompt
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.stream import deliver
from ymera_service.telemetry.timing import Phase

Written = TypeVar("Written")

ANY_PREFERENCES = Preferences()
"""Those of a caller who prefers nothing; this very object is not checked again with each request."""


def request_of(
    call: Call, prompt: Prompt, preferences: Preferences, faults: Violations, *, full_view: bool = False
) -> ExecutionRequest:
    """Returns the request of a call.

    Args:
        call: Its check phase ends here; it began with the call, as reading the request belongs to it.
        prompt: As it was converted.
        preferences: As they were converted.
        faults: What the conversion found; the checks add to it.
        full_view: The decision is to hold every candidate and exclusion.

    Raises:
        InvalidRequest: With all faults.
    """
    check_prompt(prompt, faults)
    if preferences is not ANY_PREFERENCES:
        check_preferences(preferences, faults)
    call.timings.add(Phase.CHECK, call.age())
    call.executes = True
    faults.check()
    return ExecutionRequest(
        call.request_id,
        prompt,
        preferences,
        call.deadline,
        call.headers.traceparent,
        full_view=full_view,
        caller=call.caller,
    )


class Executions:
    """Runs the pipeline for calls, and notes for their log lines what was done."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    async def route(self, call: Call, request: ExecutionRequest) -> Decision:
        """Decides without calling a model. Raises as `Pipeline.route` does."""
        decision = await self._pipeline.route(request, call.timings)
        call.notes["category"] = decision.category
        return decision

    async def execute(self, call: Call, request: ExecutionRequest) -> Answer:
        """Returns the whole answer.

        Raises:
            YmeraError: Why there is none.
        """
        answer = await self._pipeline.execute(request, call.timings)
        call.execution = answer.execution
        if answer.execution.error is not None:
            raise answer.execution.error
        return answer

    async def stream(
        self,
        call: Call,
        request: ExecutionRequest,
        convert: Callable[[int, ExecutionEvent], Written],
        write: Callable[[Written], Awaitable[None]],
    ) -> None:
        """Writes the events of an answer while it is written; see `deliver`.

        Raises:
            YmeraError: Why there is no whole answer; the last event says the same.
        """
        execution = await deliver(self._pipeline.stream, request, call.timings, convert, write)
        call.execution = execution
        if execution.error is not None:
            raise execution.error
