"""How long a call may take, so that its typed end arrives before its caller gives up."""

from ymera_service.plugins.containment import GRACE_SECONDS

_ROUNDING = 0.01
"""How much later than its caller's own a deadline may arrive, as a share. gRPC's C core, and so Python's client,
rounds timeouts up to three digits: measured, a timeout of 0.5 s arrives up to 8 ms later, of 5 s 15 ms, of 10 s
102 ms, of 60 s 106 ms, of 180 s 1 s, of 1,000 s 9.5 s. The server can't see the caller's own value."""
_SHARE = 0.1
_SECONDS = GRACE_SECONDS + 0.2
"""What is kept for the way back: a tenth of the time, at most 0.3 s: a provider's code has 0.1 s to end, and a commit
on a busy disk takes 0.1 s."""


def seconds_for(remaining: float | None, default: float) -> float:
    """Returns the seconds that a call may take.

    Args:
        remaining: What the protocol says is left; None if the caller sets no deadline.
        default: What a caller gets who sets none.
    """
    if remaining is None:
        return default
    return remaining - min(_SECONDS, remaining * _SHARE) - remaining * _ROUNDING
