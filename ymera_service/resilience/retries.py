"""When and how soon the same model is called again after a failure."""

import random

from ymera_service.sdk.errors import ProviderError

BASE_SECONDS = 0.1
MAX_SECONDS = 5.0


class RetryBudget:
    """Keeps retries a small share of the calls, so that an outage is not fed by retrying.

    Every success puts `ratio` of a token back, up to `capacity`; each retry takes one. Falling over to a
    different model is not charged: charging it costs success just when it is needed.
    """

    def __init__(self, capacity: float = 20.0, ratio: float = 0.1) -> None:
        self._capacity = capacity
        self._ratio = ratio
        self._tokens = capacity

    def deposit(self) -> None:
        """A call succeeded."""
        self._tokens = min(self._capacity, self._tokens + self._ratio)

    def try_withdraw(self) -> bool:
        """Asks for one retry."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def backoff(error: ProviderError, retry: int, draw: random.Random) -> float:
    """Returns the seconds to wait before the retry of this number (from 0).

    Full jitter over an exponentially growing bound (Brooker, "Exponential Backoff And Jitter", AWS
    Architecture Blog, 2015); what the provider asked for is a floor.
    """
    return max(error.retry_after or 0.0, draw.uniform(0, min(MAX_SECONDS, BASE_SECONDS * 2**retry)))
