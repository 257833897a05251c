"""What an execution sends while it runs.

`Started`, then `AttemptStarted` and the provider's deltas, then exactly one `Ended`. By then the record is
durable.
"""

from dataclasses import dataclass
from typing import Protocol

from ymera_service.execution.facts import Execution
from ymera_service.routing.decision import Decision
from ymera_service.sdk.events import (
    CitationFound,
    LogprobsDelta,
    ProviderBlockFound,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)
from ymera_service.sdk.failures import Failure
from ymera_service.sdk.targets import Target


@dataclass(frozen=True, slots=True)
class Started:
    """A decision was made; `replayed` says that the outcome of an earlier request is sent again."""

    request_id: str
    decision: Decision
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class AttemptStarted:
    """A target is being called; `previous_error` says why another attempt is made in this turn.

    A `hedge` is called while the attempt before it goes on; either may give the answer.
    """

    turn: int
    number: int
    target: Target
    previous_error: Failure | None = None
    hedge: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """Terminal. The execution's status says how it ended, its error why."""

    execution: Execution


Delta = TextDelta | ReasoningDelta | RefusalDelta | ToolCallDelta | CitationFound | ProviderBlockFound | LogprobsDelta
ExecutionEvent = Started | AttemptStarted | Delta | Ended


class Sink(Protocol):
    """Takes the events of one execution, in order."""

    def try_send(self, event: ExecutionEvent) -> bool:
        """Takes the next event, unless the receiver is behind; then returns False."""

    async def send(self, event: ExecutionEvent) -> None:
        """Takes the next event; waits while the receiver is behind."""
