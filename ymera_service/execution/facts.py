"""An execution as facts that are added and never changed: Execution → Turn → Attempt.

Status, usage, cost and everything else that is shown or kept of an execution is computed from them. Nothing
assigns to a field. The classes are not frozen because one execution is made anew at every step, and a frozen
instance takes twice as long to make; for the same reason each copy is a plain call of the constructor.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ymera_service.access.spending import Budget
from ymera_service.routing.decision import Decision, Preferences
from ymera_service.routing.operations import OPERATIONS
from ymera_service.routing.sessions import topics
from ymera_service.sdk.content import ToolCall
from ymera_service.sdk.context import UNATTRIBUTED, Attribution
from ymera_service.sdk.errors import Cancelled, DeadlineExceeded, ShuttingDown, YmeraError
from ymera_service.sdk.failures import Failure
from ymera_service.sdk.generation import Adaptation, FinishReason, Prompt, Usage
from ymera_service.sdk.targets import Target
from ymera_service.sdk.work import WorkRequest
from ymera_service.storage.records import ExecutionStatus, Operation

UNREAD = "the caller did not read its stream"
"""The message of a cancellation for that reason; any other says that the caller has gone."""


@dataclass(slots=True)
class ExecutionRequest:
    """A request that was checked. `deadline` is a time of the event loop's clock."""

    request_id: str
    prompt: Prompt
    preferences: Preferences
    deadline: float
    traceparent: str = ""
    attribution: Attribution = UNATTRIBUTED
    full_view: bool = False
    """The decision is to hold every candidate and exclusion."""
    caller: str = ""
    """The name of the caller's key; empty if callers have no keys."""
    peer: str = ""
    """The host that it came from."""
    budget: Budget | None = None
    """What its caller may spend; None leaves it open."""
    idempotency_key: str = ""
    fingerprint: str = ""
    """The same for equal requests; empty without a key."""
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The caller's own parameters, by provider."""
    strict: bool = False
    """What a model does not accept as it is must not be adapted."""
    work: WorkRequest | None = None
    """What is to be done instead of answering the prompt, which is empty then; without a model."""

    @property
    def operation(self) -> Operation:
        """What is to be done."""
        return Operation.CHAT if self.work is None else OPERATIONS[type(self.work)]

    @property
    def sharer(self) -> str:
        """Whose share of the limits it takes: the caller's, or its host's if callers have no keys."""
        return self.caller or self.peer


@dataclass(slots=True)
class Attempt:
    """One call of a target that is over. Times are in seconds from the call.

    Attributes:
        number: From 1 within its turn.
        began_at: A time of the event loop's clock.
        usage: What it consumed, estimated where the provider did not say.
        cost_micros: Its price in micro-USD; None where the model's price is not known.
        finish_reason: Why the model stopped; None unless the provider's own end of the answer was seen.
        error: Why it failed; None where it answered.
        retryable: The same call may succeed a little later.
        simulated: No real model answered.
        tool_calls: What the answer asks the caller to run.
        adaptations: What of the request was not sent as the caller gave it.
        hedge: It was made while the one before was under way and had not begun an answer.
        response_id: The provider's own id of its response; empty if it sent none, like what follows.
        response_model: The exact model, as the provider names it.
        raw_finish_reason: The provider's own word for why the model stopped.
        stop_sequence: The one that the model wrote.
        service_tier: The provider's own word for the tier in which it served the call.
        cost_source: Who says what it cost: "charged" for the provider, else the source of the price; empty if it cost
            nothing, or that is not known.
        counted_micros: What counts towards its caller's limit in place of a cost that is not known.
    """

    number: int
    target: Target
    began_at: float
    duration: float
    time_to_first_token: float | None = None
    usage: Usage = field(default_factory=Usage)
    cost_micros: int | None = 0
    estimated: bool = False
    finish_reason: FinishReason | None = None
    error: Failure | None = None
    retryable: bool = False
    simulated: bool = False
    tool_calls: tuple[ToolCall, ...] = ()
    adaptations: tuple[Adaptation, ...] = ()
    hedge: bool = False
    response_id: str = ""
    response_model: str = ""
    raw_finish_reason: str = ""
    stop_sequence: str = ""
    service_tier: str = ""
    cost_source: str = ""
    counted_micros: int = 0

    @property
    def spent_micros(self) -> int:
        """What counts towards its caller's limit."""
        return self.counted_micros if self.cost_micros is None else self.cost_micros


@dataclass(slots=True)
class Turn:
    """One answer of a model, and the attempts that were made to get it. `number` is from 1.

    Attempts are in the order in which they ended, but for one that another beat: it is before that one.
    """

    number: int
    attempts: tuple[Attempt, ...] = ()

    @property
    def answered_by(self) -> Attempt | None:
        """The attempt that gave the answer; None until there is one."""
        last = self.attempts[-1] if self.attempts else None
        return last if last is not None and last.error is None and last.finish_reason is not None else None


@dataclass(slots=True)
class Consumption:
    """Tokens and their price in micro-USD; `cost_micros` is None where a price is not known."""

    usage: Usage = field(default_factory=Usage)
    cost_micros: int | None = 0
    estimated: bool = False

    @classmethod
    def of(cls, attempts: Iterable[Attempt]) -> "Consumption":
        """Returns what all attempts consumed. An unknown price makes the sum unknown."""
        usage, cost, estimated = Usage(), 0, False
        known = True
        for attempt in attempts:
            usage = usage + attempt.usage
            estimated = estimated or attempt.estimated
            known = known and attempt.cost_micros is not None
            cost += attempt.cost_micros or 0
        return cls(usage, cost if known else None, estimated)


@dataclass(slots=True)
class Execution:
    """A request and everything that has happened to it so far.

    Attributes:
        stream: The answer is sent while it is written.
        created_at: When it arrived, in UTC.
        began: The same as a time of the event loop's clock.
        decision: None until it is routed.
        released: The caller of a stream has seen a part of an answer; from then on no other target can take over.
        error: Why it ended without a whole answer.
        ended_at: None while it is under way.
        said: What is compared with later turns of its session; None without one.
    """

    request: ExecutionRequest
    stream: bool
    created_at: datetime
    began: float
    decision: Decision | None = None
    turns: tuple[Turn, ...] = ()
    released: bool = False
    error: YmeraError | None = None
    ended_at: float | None = None
    said: topics.Turn | None = None

    def routed(self, decision: Decision, said: topics.Turn | None = None) -> "Execution":
        """Returns it with a decision, which comes before the first turn, and what its session is to remember."""
        return Execution(self.request, self.stream, self.created_at, self.began, decision, said=said)

    def with_turn(self) -> "Execution":
        """Returns it with a further turn begun."""
        return self._with(turns=(*self.turns, Turn(len(self.turns) + 1)), released=self.released)

    def with_attempt(self, attempt: Attempt, beaten_by: int | None = None) -> "Execution":
        """Returns it with an attempt added to the present turn, before the one that has beaten it."""
        *before, turn = self.turns
        made = turn.attempts
        place = len(made) - (bool(made) and made[-1].number == beaten_by)
        turn = Turn(turn.number, (*made[:place], attempt, *made[place:]))
        return self._with(turns=(*before, turn), released=self.released)

    def with_release(self) -> "Execution":
        """Returns it as one of which the caller has seen a part of an answer."""
        return self._with(turns=self.turns, released=True)

    def ended(self, now: float, error: YmeraError | None = None) -> "Execution":
        """Returns it as over; `error` says why the answer is not whole."""
        return Execution(
            self.request,
            self.stream,
            self.created_at,
            self.began,
            self.decision,
            self.turns,
            self.released,
            error,
            now,
            self.said,
        )

    def _with(self, *, turns: tuple[Turn, ...], released: bool) -> "Execution":
        """Returns it, still under way, with these turns."""
        return Execution(
            self.request, self.stream, self.created_at, self.began, self.decision, turns, released, said=self.said
        )

    @property
    def attempts(self) -> Iterator[Attempt]:
        """Every attempt of every turn, in order."""
        return (attempt for turn in self.turns for attempt in turn.attempts)

    @property
    def status(self) -> ExecutionStatus:
        """How it ended."""
        if self.error is None:
            return ExecutionStatus.COMPLETED if self.turns else ExecutionStatus.ROUTED
        if isinstance(self.error, DeadlineExceeded | ShuttingDown | Cancelled):
            return ExecutionStatus.CANCELLED
        return ExecutionStatus.TRUNCATED if self.released else ExecutionStatus.FAILED

    @property
    def latest(self) -> Attempt | None:
        """The latest attempt of the present turn that is over."""
        return self.turns[-1].attempts[-1] if self.turns and self.turns[-1].attempts else None

    @property
    def answering(self) -> Attempt | None:
        """The attempt whose answer, whole or broken off, the caller has; None where nothing of one was sent."""
        return self.latest if self.released or self.error is None else None

    @property
    def time_to_first_token(self) -> float | None:
        """Seconds from its arrival to the first part of the answer; None where nothing of one was sent."""
        attempt = self.answering
        if attempt is None or attempt.time_to_first_token is None:
            return None
        return attempt.began_at + attempt.time_to_first_token - self.began

    @property
    def consumption(self) -> Consumption:
        """What all attempts consumed."""
        if len(self.turns) == 1 and len(self.turns[0].attempts) == 1:  # most executions
            (attempt,) = self.turns[0].attempts
            return Consumption(attempt.usage, attempt.cost_micros, attempt.estimated)
        return Consumption.of(self.attempts)
