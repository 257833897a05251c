"""The books of one execution: its calls, what they consumed, and the record that is kept."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from ymera_service.execution.events import Completed, Consumption, ExecutionRequest, Failed, Terminal, Truncated
from ymera_service.execution.patience import Watch
from ymera_service.resilience.breaker import Permit
from ymera_service.routing.decision import Attempt, Decision, Failure, to_json
from ymera_service.routing.estimate import prompt_tokens, text_tokens
from ymera_service.sdk.errors import YmeraError
from ymera_service.sdk.events import Finished
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.models import Model
from ymera_service.storage.records import ExecutionRecord, ExecutionStatus
from ymera_service.telemetry.timing import Timings


@dataclass(slots=True)
class Call:
    """One call of a provider, while it runs. Times are of the event loop's clock."""

    number: int
    model: Model
    permit: Permit
    began: float
    accepted_at: float | None = None
    first_token_at: float | None = None
    usage: Usage | None = None
    finished: Finished | None = None
    written: list[str] = field(default_factory=list)
    """What the model wrote so far, for an estimate where it sends no count."""

    @property
    def time_to_first_token(self) -> float | None:
        """Seconds from the call to the first part of its answer."""
        return None if self.first_token_at is None else self.first_token_at - self.began


@dataclass(slots=True)
class Run:
    """One execution under way."""

    request: ExecutionRequest
    timings: Timings
    watch: Watch
    stream: bool
    created_at: datetime
    began: float
    decision: Decision
    attempts: list[Attempt] = field(default_factory=list)
    consumption: Consumption = field(default_factory=Consumption)
    call: Call | None = None
    """The latest call."""

    @property
    def first_token_at(self) -> float | None:
        """When the first part of the answer came."""
        return self.call.first_token_at if self.call else None

    @property
    def answered(self) -> bool:
        """Whether the caller has seen a part of an answer; from then on no other model can take over."""
        return self.stream and self.first_token_at is not None

    @property
    def last_failure(self) -> Failure | None:
        """Why the latest call failed."""
        return self.attempts[-1].error if self.attempts else None

    def ended(self, call: Call, now: float, error: YmeraError | None) -> None:
        """Books a call that is over, however it ended."""
        failure = None if error is None else Failure.of(error)
        attempt = Attempt(call.number, call.model.id, now - call.began, call.time_to_first_token, failure)
        self.attempts.append(attempt)
        self.consumption = _add(self.consumption, call, self.request)

    def decision_made(self) -> Decision:
        """Returns the decision with the attempts made so far."""
        return replace(self.decision, attempts=tuple(self.attempts))

    def record(self, outcome: Terminal | None, now: float) -> ExecutionRecord:
        """Returns what is kept of this execution; no outcome means that the caller went away."""
        error = None if outcome is None or isinstance(outcome, Completed) else outcome.error
        preferences = self.request.preferences
        return ExecutionRecord(
            request_id=self.request.request_id,
            created_at=self.created_at,
            status=_STATUS.get(type(outcome), ExecutionStatus.CANCELLED),
            category=self.decision.category,
            model=self.call.model.id if self.call and not isinstance(outcome, Failed) else "",
            usage=self.consumption.usage,
            usage_estimated=self.consumption.estimated,
            cost_micros=self.consumption.cost_micros,
            finish_reason=outcome.finish_reason if isinstance(outcome, Completed) else "",
            duration=now - self.began,
            time_to_first_token=None if self.first_token_at is None else self.first_token_at - self.began,
            session_id=preferences.session_id,
            agent_name=preferences.agent_name,
            decision=to_json(outcome.decision if outcome else self.decision_made()),
            error=None if error is None else to_json(Failure.of(error)),
        )


_STATUS: dict[type, ExecutionStatus] = {
    Completed: ExecutionStatus.COMPLETED,
    Truncated: ExecutionStatus.TRUNCATED,
    Failed: ExecutionStatus.FAILED,
}


def _add(total: Consumption, call: Call, request: ExecutionRequest) -> Consumption:
    usage, estimated = call.usage, False
    if call.finished is None or usage is None:
        usage, estimated = _estimate(call, request)
    if usage == Usage():
        return total
    cost = call.model.cost_micros(usage)
    return Consumption(
        total.usage + usage,
        None if total.cost_micros is None or cost is None else total.cost_micros + cost,
        total.estimated or estimated,
    )


def _estimate(call: Call, request: ExecutionRequest) -> tuple[Usage, bool]:
    """A call that was never accepted cost nothing; of one that broke off, the provider's count may lag."""
    if call.accepted_at is None:
        return Usage(), False
    told = call.usage or Usage()
    written = text_tokens("".join(call.written))
    return replace(
        told,
        input_tokens=told.input_tokens or prompt_tokens(request.prompt),
        output_tokens=max(told.output_tokens, written),
    ), True
