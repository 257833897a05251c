"""What an execution tells while it runs.

A stream is `Started`, then `AttemptStarted` and the provider's deltas, then exactly one of the terminal
events `Completed`, `Truncated`, `Failed`, `Cancelled`. By then the record is durable.
"""

from dataclasses import dataclass, field

from ymera_service.routing.decision import Decision, Failure, Preferences
from ymera_service.sdk.errors import YmeraError
from ymera_service.sdk.events import CitationFound, ReasoningDelta, RefusalDelta, TextDelta, ToolCallDelta
from ymera_service.sdk.generation import FinishReason, Prompt, Usage


@dataclass(frozen=True, slots=True)
class ExecutionRequest:
    """A request as it came in. `deadline` is a time of the event loop's clock."""

    request_id: str
    prompt: Prompt
    preferences: Preferences
    deadline: float


@dataclass(frozen=True, slots=True)
class Started:
    """A decision was made."""

    request_id: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class AttemptStarted:
    """A provider is being called; `previous_error` tells why another is."""

    number: int
    model: str
    previous_error: Failure | None = None


@dataclass(frozen=True, slots=True)
class Consumption:
    """What was consumed over all attempts; `cost_micros` is `None` where a price is not known."""

    usage: Usage = field(default_factory=Usage)
    cost_micros: int | None = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Completed:
    """Terminal: the model finished."""

    finish_reason: FinishReason
    model: str
    consumption: Consumption
    decision: Decision
    simulated: bool


@dataclass(frozen=True, slots=True)
class Truncated:
    """Terminal: the answer broke off after its first part."""

    error: YmeraError
    model: str
    consumption: Consumption
    decision: Decision


@dataclass(frozen=True, slots=True)
class Failed:
    """Terminal: no model answered."""

    error: YmeraError
    consumption: Consumption
    decision: Decision


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Terminal: stopped from outside, by the deadline, the caller or the server's end."""

    error: YmeraError
    consumption: Consumption
    decision: Decision


Delta = TextDelta | ReasoningDelta | RefusalDelta | ToolCallDelta | CitationFound
Terminal = Completed | Truncated | Failed | Cancelled
ExecutionEvent = Started | AttemptStarted | Delta | Terminal
