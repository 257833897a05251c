"""The events that a provider yields while it answers.

A provider yields these in the order in which they happen:

    Accepted  ResponseStarted?  (deltas, items, citations, keep-alives)*  UsageReported?  Finished

An answer is complete only after `Finished`. A provider whose answer ends without it was cut off and
raises `StreamInterrupted`; one that fails raises another `ProviderError`.
"""

from dataclasses import dataclass

from ymera_service.sdk.content import Citation, ProviderBlock, TokenLogprob
from ymera_service.sdk.generation import Adaptation, FinishReason, Usage


@dataclass(frozen=True, slots=True)
class Headroom:
    """What a provider says is left of its rate limits for the account and model that it was called with.

    Attributes:
        left: The share that is left of the limit that is nearest to its end, from 0 to 1.
        reset: Seconds until that limit is whole again; None if that is not stated.
    """

    left: float
    reset: float | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider accepted the request: the head of its response arrived.

    Attributes:
        adaptations: What of the request was not sent as the caller gave it.
        headroom: What is left of rate limits; None if the provider does not say.
    """

    adaptations: tuple[Adaptation, ...] = ()
    headroom: Headroom | None = None


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """The provider is still working but has nothing to send yet, for example during thinking that it hides."""


@dataclass(frozen=True, slots=True)
class ResponseStarted:
    """The provider's own id of the answer and the exact model that writes it."""

    response_id: str = ""
    model: str = ""


@dataclass(slots=True)
class TextDelta:
    """More text; never empty. `choice` numbers the alternatives from 0 if several were requested.

    Nothing assigns to its fields. It is not frozen, as there is one for each chunk: that takes three times as long.
    """

    text: str
    choice: int = 0


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More thinking. A `signature` ends one part of it."""

    text: str
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class RefusalDelta:
    """More of the model's refusal; never empty."""

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
    """A new content block or output item begins; `type` is the provider's name for its type."""

    type: str


@dataclass(frozen=True, slots=True)
class CitationFound:
    """The answer cites a source."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class ProviderBlockFound:
    """A piece of the answer that has to go back to the provider whole, such as a tool that it ran itself."""

    block: ProviderBlock


@dataclass(frozen=True, slots=True)
class LogprobsDelta:
    """The probabilities of some tokens, whose text comes before; at least one."""

    tokens: tuple[TokenLogprob, ...]


@dataclass(frozen=True, slots=True)
class UsageReported:
    """The provider's count of the whole call so far; a later one replaces it."""

    usage: Usage
    total_tokens: int | None = None
    """The provider's own total; None if it reports none."""
    cost_micros: int | None = None
    """What the provider says that it charges for the call, in micro-USD; None if it does not say. Takes precedence over
    a price list."""
    estimated: bool = False
    """Whether the counts contradicted each other and had to be corrected."""
    usual_rates: bool = True
    """Whether the call costs what its tokens cost at the rates of its service tier. False if the provider charges for
    tools that it ran itself, or for something else that no price list has; without `cost_micros` the cost is then not
    known."""
    service_tier: str = ""
    """The provider's own word for the tier in which it served the call; empty if it does not say. What a tier costs is
    looked up by this word."""
    billed: Usage | None = None
    """The tokens that the provider charges for, if they are others than those that it consumed."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The provider ended the answer."""

    reason: FinishReason
    raw_reason: str = ""
    """The provider's name for the reason."""
    stop_sequence: str = ""
    """The stop sequence that was written; empty if the provider does not report it."""
    incomplete_reason: str = ""
    """Why the answer is incomplete; empty if the provider does not report it separately from `raw_reason`."""


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
    | ProviderBlockFound
    | LogprobsDelta
    | UsageReported
    | Finished
)
