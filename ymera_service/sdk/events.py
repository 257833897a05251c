"""What a provider tells while it answers.

A provider yields these in the order in which they happen:

    Accepted  ResponseStarted?  (deltas, items, citations, keep-alives)*  UsageReported?  Finished

An answer is complete only when `Finished` came. A provider that stops without it has been cut off and
raises `StreamInterrupted`; one that fails raises another `ProviderError`.
"""

from dataclasses import dataclass

from ymera_service.sdk.content import Citation
from ymera_service.sdk.generation import FinishReason, Usage


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the request: the head of its answer arrived."""


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """The provider is still at work but has nothing to show yet, as during thinking that it does not send."""


@dataclass(frozen=True, slots=True)
class ResponseStarted:
    """The provider's own id of the answer and the exact model that writes it."""

    response_id: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text; never empty. `choice` counts alternatives from 0 where several were asked for."""

    text: str
    choice: int = 0


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More thinking. A `signature` ends one part of it."""

    text: str
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class RefusalDelta:
    """More of the model's words for declining; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """More of a tool call: `id` and `name` come in the first delta of a call, `arguments` is JSON text."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class OutputItem:
    """A new content block or output item begins; `type` is the provider's own name of its kind."""

    type: str


@dataclass(frozen=True, slots=True)
class CitationFound:
    """The answer names a source."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class UsageReported:
    """The provider's count of the whole call so far; a later one replaces it."""

    usage: Usage
    total_tokens: int | None = None
    """The provider's own total, where it gives one."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The provider's own end of the answer was seen."""

    reason: FinishReason
    raw_reason: str = ""
    """The provider's own word for it."""
    stop_sequence: str = ""
    """The stop sequence that was written, where the provider tells."""
    incomplete_reason: str = ""
    """Why the answer is incomplete, where the provider tells apart from `raw_reason`."""


ProviderEvent = (
    Accepted
    | KeepAlive
    | ResponseStarted
    | TextDelta
    | ReasoningDelta
    | RefusalDelta
    | ToolCallDelta
    | OutputItem
    | CitationFound
    | UsageReported
    | Finished
)
