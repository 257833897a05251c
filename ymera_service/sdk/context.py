"""What a provider knows about a call besides the prompt."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ymera_service.sdk.targets import Target


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who a request is for; what the caller did not say is empty.

    Attributes:
        agent_name: The program or agent that calls.
        end_user: The person on whose behalf it calls. Hand it to a vendor only if the operator asked for that.
        labels: Anything else, by its key.
    """

    agent_name: str = ""
    end_user: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


UNATTRIBUTED = Attribution()
"""That of a request whose caller says nothing of itself."""


@dataclass(frozen=True, slots=True)
class CallContext:
    """One attempt at a target.

    Attributes:
        request_id: The execution's id, a UUIDv7; the same for all its attempts.
        target: The model, account and endpoint to call.
        deadline: The time of the event loop's clock after which the caller no longer waits for the answer.
        attribution: What the caller said of itself.
        traceparent: The caller's W3C trace context, to be forwarded; empty if it sent none.
        turn: Which answer of the execution this is, from 1.
        attempt: Which attempt of the turn this is, from 1.
        caller: The name of the caller's key; empty if callers have no keys.
    """

    request_id: str
    target: Target
    deadline: float
    attribution: Attribution = UNATTRIBUTED
    traceparent: str = ""
    turn: int = 1
    attempt: int = 1
    caller: str = ""
