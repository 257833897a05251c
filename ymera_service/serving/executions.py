"""Routing and executing, as every protocol offers it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ymera_service.access.keys import Caller
from ymera_service.execution.answer import Answer, AnswerCollector
from ymera_service.execution.events import ExecutionEvent, Sink
from ymera_service.execution.facts import Execution, ExecutionRequest
from ymera_service.execution.pipeline import Pipeline
from ymera_service.routing.decision import ANY_PREFERENCES, Decision, Preferences
from ymera_service.sdk.context import UNATTRIBUTED, Attribution
from ymera_service.sdk.generation import Prompt
from ymera_service.serving.calls import Call
from ymera_service.serving.checks.attribution import check_attribution
from ymera_service.serving.checks.keys import check_key
from ymera_service.serving.checks.options import check_options
from ymera_service.serving.checks.preferences import check_preferences
from ymera_service.serving.checks.prompts import check_prompt
from ymera_service.serving.checks.providers import provider_of
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.idempotency import Idempotency
from ymera_service.serving.stream import deliver
from ymera_service.telemetry.timing import Phase, Timings

Written = TypeVar("Written")

_NO_OPTIONS: Mapping[str, Mapping[str, Any]] = {}


@dataclass(slots=True)
class Asked:
    """What a call asks to be executed, as its protocol converted it; the checks come in `request_of`.

    Attributes:
        attribution: The log line of the call names it.
        full_view: The decision is to hold every candidate and exclusion.
        idempotency_key: The caller's; empty if it sent none.
        fingerprint: The same for equal requests; needed with a key.
        options: The caller's own parameters, by provider.
        strict: What a model does not accept as it is must not be adapted.
    """

    prompt: Prompt
    preferences: Preferences
    attribution: Attribution = UNATTRIBUTED
    full_view: bool = False
    idempotency_key: str = ""
    fingerprint: str = ""
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: _NO_OPTIONS)
    strict: bool = False


def request_of(call: Call, asked: Asked, faults: Violations) -> ExecutionRequest:
    """Returns the request of a call, whose check phase ends here; it began with the call, as reading belongs to it.

    Args:
        call: Gets what its log line says of whom it is for.
        asked: What it asks for.
        faults: What the conversion found; the checks add to it.

    Raises:
        InvalidRequest: With all faults.
    """
    _check(asked, faults)
    preferences = asked.preferences
    if provider := provider_of(asked.prompt, faults):
        preferences = replace(preferences, provider=provider)
    call.timings.add(Phase.CHECK, call.age())
    call.executes = True
    faults.check()
    if asked.attribution is not UNATTRIBUTED:
        call.notes |= notes_of(asked.attribution)
    return ExecutionRequest(
        call.request_id,
        asked.prompt,
        within_limits(preferences, call.caller),
        call.deadline,
        call.headers.traceparent,
        asked.attribution,
        full_view=asked.full_view,
        caller=call.caller.name,
        peer=call.peer,
        budget=call.caller.budget,
        idempotency_key=asked.idempotency_key,
        fingerprint=asked.fingerprint,
        options=asked.options,
        strict=asked.strict,
    )


def _check(asked: Asked, faults: Violations) -> None:
    """Notes every fault of what is asked for."""
    check_prompt(asked.prompt, faults)
    if asked.preferences is not ANY_PREFERENCES:
        check_preferences(asked.preferences, faults)
    if asked.attribution is not UNATTRIBUTED:
        check_attribution(asked.attribution, faults)
    if asked.idempotency_key:
        check_key(asked.idempotency_key, faults)
    if asked.options:
        check_options(asked.options, faults)


def within_limits(preferences: Preferences, caller: Caller) -> Preferences:
    """Returns preferences with what the caller's key is for: its models and, if it has a budget, known prices."""
    if caller.allow_models:
        preferences = replace(preferences, caller_models=caller.allow_models)
    if caller.budget is not None:
        setting, most = caller.budget.lowest
        wanted = preferences.max_cost_micros
        if wanted is None or most < wanted:
            preferences = replace(preferences, max_cost_micros=most, max_cost_setting=setting)
    return preferences


def notes_of(attribution: Attribution) -> dict[str, Any]:
    """Returns what a call's log line says of whom it is for."""
    notes = {"agent": attribution.agent_name, "end_user": attribution.end_user, "labels": dict(attribution.labels)}
    return {name: value for name, value in notes.items() if value}


class Executions:
    """Runs the pipeline for calls, and notes for their log lines what was done."""

    def __init__(self, pipeline: Pipeline, idempotency: Idempotency) -> None:
        self._pipeline = pipeline
        self._idempotency = idempotency

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
        call.caller.admit()
        if request.idempotency_key:
            answer = await self._execute_once(call, request)
        else:
            answer = await self._pipeline.execute(request, call.timings)
        _note(call, answer.execution)
        if answer.execution.error is not None:
            raise answer.execution.error
        return answer

    async def _execute_once(self, call: Call, request: ExecutionRequest) -> Answer:
        collector = AnswerCollector()
        execution = await self._idempotency.run(request, collector, call.timings, stream=False)
        return collector.answer(execution)

    async def stream(
        self,
        call: Call,
        request: ExecutionRequest,
        convert: Callable[[int, ExecutionEvent], Written],
        write: Callable[[Written], Awaitable[None]],
    ) -> None:
        """Writes the events of an answer while it is written; see `deliver`.

        Raises:
            YmeraError: Why the answer is not whole; the last event says the same.
        """
        call.caller.admit()
        run = self._stream_once if request.idempotency_key else self._pipeline.stream
        execution = await deliver(run, request, call.timings, convert, write)
        _note(call, execution)
        if execution.error is not None:
            raise execution.error

    async def _stream_once(self, request: ExecutionRequest, sink: Sink, timings: Timings) -> Execution:
        return await self._idempotency.run(request, sink, timings, stream=True)


def _note(call: Call, execution: Execution) -> None:
    """Notes what was done for a call; of a replay only whose outcome it was, as nothing was consumed."""
    if execution.request.request_id == call.request_id:
        call.execution = execution
    else:
        call.notes["replay_of"] = execution.request.request_id
