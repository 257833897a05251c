"""What follows a finished execution: observers are called in order, after it is recorded.

None of them can affect the reply: they run beside it, each is given a bounded time, and where they can't keep
up the oldest executions that wait are dropped, counted and logged.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

import structlog

from ymera_service.execution.facts import Attempt, Execution
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.routing.prompts.readers import Readers
from ymera_service.routing.sessions.affinity import Answer, answer_of
from ymera_service.sdk.generation import Prompt

log = structlog.get_logger(__name__)

MAX_WAITING = 10_000
"""Executions that wait for the observers."""
OBSERVER_SECONDS = 1.0
"""How long one observer may take for one execution."""
MAX_LATE = 8
"""Answers that wait for what a classifier made too late of their prompts."""


class Observer(Protocol):
    """Hears of finished executions, one at a time."""

    @property
    def name(self) -> str:
        """What it is called in the log."""

    def observe(self, execution: Execution) -> Awaitable[None] | None:
        """Takes a finished execution; returns what to wait for, if anything. What it raises is logged."""


class Observers:
    """Hands finished executions to observers. `run` does the work; it is for a background task."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = observers
        self._waiting: deque[Execution] = deque(maxlen=MAX_WAITING)
        self._wake = asyncio.Event()
        self._serving = asyncio.Lock()
        self.dropped = 0

    def notify(self, execution: Execution) -> None:
        """Takes a finished execution; never waits."""
        if len(self._waiting) == MAX_WAITING:
            self.dropped += 1
        self._waiting.append(execution)
        self._wake.set()

    async def run(self) -> None:
        """Serves the observers until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.flush()

    async def flush(self) -> None:
        """Returns when every execution that waits has been observed."""
        async with self._serving:  # what another flush has taken is observed too when this one returns
            if self.dropped:
                self._report_dropped()
            while self._waiting:
                execution = self._waiting.popleft()
                for observer in self._observers:
                    await self._serve(observer, execution)

    async def _serve(self, observer: Observer, execution: Execution) -> None:
        try:
            work = observer.observe(execution)
            if work is not None:
                async with asyncio.timeout(OBSERVER_SECONDS):
                    await work
        except Exception:
            log.exception("observer failed", observer=observer.name, request_id=execution.request.request_id)

    def _report_dropped(self) -> None:
        log.error("observers do not keep up", dropped_executions=self.dropped)
        self.dropped = 0


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Learning:
    """Takes what an execution shows of its targets, and with which target its session goes on."""

    name = "learning"

    def __init__(
        self,
        evidence: Evidence,
        readers: Readers,
        remember: Callable[[Answer], None],
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Takes what learns how fast models are, what reads prompts, and what remembers the answers of sessions."""
        self._evidence = evidence
        self._readers = readers
        self._remember = remember
        self._now = now
        self._late: set[asyncio.Task[None]] = set()

    def observe(self, execution: Execution) -> None:
        """See `Observer`."""
        answered = execution.turns[-1].answered_by if execution.turns else None
        if answered is None or execution.error is not None or execution.request.work is not None:
            return
        self._take(self._answer(execution, answered), execution.request.prompt)
        self._evidence.answered()
        if (decision := execution.decision) is not None:
            self._evidence.lengths.observe(
                decision.category,
                input_tokens=decision.inputs.input_tokens,
                expected=decision.inputs.output_tokens,
                output_tokens=0 if answered.estimated else answered.usage.output_tokens,
            )
        self._evidence.observe(
            answered.target.pool,
            output_tokens=0 if answered.estimated else answered.usage.output_tokens,
            time_to_first_token=answered.time_to_first_token if execution.stream else None,
            duration=answered.duration,
        )

    def _answer(self, execution: Execution, answered: Attempt) -> Answer:
        """Returns which target answered, as its session is kept."""
        return answer_of(
            execution.request.request_id,
            self._now(),
            answered.target.id,
            caller=execution.request.caller,
            session_id=execution.request.preferences.session_id,
            said=execution.said,
            tool_calls=answered.tool_calls,
        )

    def _take(self, answer: Answer, prompt: Prompt) -> None:
        """Has an answer remembered, after what was late at the request is known, if that is soon."""
        lacks_vector = answer.turn is not None and not answer.turn.vector
        if lacks_vector and len(self._late) < MAX_LATE and self._readers.may_be_late:
            task = asyncio.create_task(self._take_later(answer, prompt))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        else:
            self._remember(answer)

    async def _take_later(self, answer: Answer, prompt: Prompt) -> None:
        reading = await self._readers.read_again(prompt)
        self._remember(answer.meaning(reading.vector, reading.vector_of))
