"""What a provider knows about a call besides the prompt."""

from dataclasses import dataclass

from ymera_service.sdk.targets import Target


@dataclass(frozen=True, slots=True)
class CallContext:
    """One attempt at a target.

    Attributes:
        request_id: The execution's id, a UUIDv7; the same for all its attempts.
        target: The model, account and endpoint to call.
        deadline: The time of the event loop's clock after which the caller no longer waits for the answer.
        caller: The name of the caller's key, or else the name that the calling program or agent gave; may be empty.
        traceparent: The caller's W3C trace context, to be forwarded; empty if it sent none.
        turn: Which answer of the execution this is, from 1.
        attempt: Which attempt of the turn this is, from 1.
    """

    request_id: str
    target: Target
    deadline: float
    caller: str = ""
    traceparent: str = ""
    turn: int = 1
    attempt: int = 1
