"""What has come of a call so far."""

from dataclasses import dataclass, field

from ymera_service.execution.events import Delta
from ymera_service.plugins.replies import CallEvent, Replied
from ymera_service.sdk.content import ToolCall
from ymera_service.sdk.events import (
    Accepted,
    CitationFound,
    Finished,
    LogprobsDelta,
    ProviderBlockFound,
    ReasoningDelta,
    RefusalDelta,
    ResponseStarted,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import Adaptation, Usage
from ymera_service.sdk.work import Reply, WorkRequest

DEAREST_MICROS = 10**12
"""The most that a provider may say one call costs: a million USD. Beyond that, the price list applies."""

_NO_RESPONSE = ResponseStarted()


@dataclass(slots=True)
class Progress:
    """What has come of a call so far. Times are of the event loop's clock."""

    began: float
    """When it could begin: once there was a connection for it."""
    patience: float
    """Seconds that the caller gives a target for the first part of its answer."""
    limit: float = 0.0
    """Seconds until its first sign."""
    limit_holds_until: float = 0.0
    """Nothing but the end of the answer moves the limit before."""
    waits: bool = False
    """Whether it waits for one of the server's own connections."""
    accepted_at: float | None = None
    first_token_at: float | None = None
    sign_at: float | None = None
    """When the first sign of an answer was seen, which is anything but the acceptance of the call."""
    usage: Usage | None = None
    usage_estimated: bool = False
    billed: Usage | None = None
    """The tokens that the provider charges for, if they are others."""
    charged_micros: int | None = None
    """What the provider says that it charges for the call."""
    usual_rates: bool = True
    """Whether the call costs what its tokens cost by the price list."""
    service_tier: str = ""
    not_credible: Usage | None = None
    """The provider's count, if it can't be true."""
    finished: Finished | None = None
    adaptations: tuple[Adaptation, ...] = ()
    response: ResponseStarted = _NO_RESPONSE
    written: list[str] = field(default_factory=list)
    """What the model wrote, for an estimate where it sends no count."""
    portion: WorkRequest | None = None
    """What the call does, if it does not answer a prompt,"""
    reply: Reply | None = None
    """and what came of it."""
    calls: dict[int, ToolCall] = field(default_factory=dict)

    def take(self, event: CallEvent, now: float) -> Delta | None:
        """Notes an event and returns it where the caller is to see it."""
        if self.sign_at is None and not isinstance(event, Accepted):
            self.sign_at = now
        match event:
            case TextDelta(choice=0) | ReasoningDelta() | RefusalDelta():
                self.written.append(event.text)
            case ToolCallDelta():
                self.written.append(event.arguments)
                self._join(event)
            case CitationFound() | ProviderBlockFound() | LogprobsDelta():
                pass
            case _:
                self._note(event, now)
                return None
        if self.first_token_at is None:
            self.first_token_at = now
        return event

    def _note(self, event: CallEvent, now: float) -> None:
        match event:
            case Accepted():
                self.accepted_at, self.adaptations = now, event.adaptations
            case ResponseStarted():
                self.response = event
            case UsageReported():
                self._count(event)
            case Finished():
                self.finished = event
            case Replied():
                self.reply, self.first_token_at = event.reply, now
            case _:
                pass

    def _count(self, event: UsageReported) -> None:
        if event.usage.is_credible:
            micros = event.cost_micros
            self.usage, self.usage_estimated, self.usual_rates = event.usage, event.estimated, event.usual_rates
            self.service_tier = event.service_tier
            self.billed = event.billed if event.billed and event.billed.is_credible else None
            self.charged_micros = micros if isinstance(micros, int) and 0 <= micros <= DEAREST_MICROS else None
        else:
            self.not_credible = event.usage

    def _join(self, delta: ToolCallDelta) -> None:
        known = self.calls.get(delta.index)
        if known is None:
            self.calls[delta.index] = ToolCall(delta.id, delta.name, delta.arguments)
        else:
            self.calls[delta.index] = ToolCall(
                known.id or delta.id, known.name or delta.name, known.arguments + delta.arguments
            )
