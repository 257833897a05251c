"""When and how soon the same target is called again after a failure."""

import random

BASE_SECONDS = 0.1
MAX_SECONDS = 5.0


class RetryBudget:
    """Keeps calls that are likely to fail a small share of all, so that retrying does not feed an outage.

    Every success puts `ratio` of a token back, up to `capacity`. What takes one is a call of a target none of
    whose latest calls succeeded, and a retry of one that asked for fewer requests. Failing over, and calling a
    target that answers now and then, are not charged: charging them costs success just when they are needed.
    """

    def __init__(self, capacity: float = 20.0, ratio: float = 0.1) -> None:
        self._capacity = capacity
        self._ratio = ratio
        self._tokens = capacity

    def deposit(self) -> None:
        """A call succeeded."""
        self._tokens = min(self._capacity, self._tokens + self._ratio)

    def try_withdraw(self) -> bool:
        """Asks for one call."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class RetryBudgets:
    """A budget for each provider: one that is down takes no other's retries away."""

    def __init__(self) -> None:
        self._budgets: dict[str, RetryBudget] = {}

    def of(self, provider: str) -> RetryBudget:
        """Returns the budget of a provider."""
        budget = self._budgets.get(provider)
        if budget is None:
            budget = self._budgets[provider] = RetryBudget()
        return budget


def backoff(retry: int, draw: random.Random) -> float:
    """Returns the seconds to wait before the retry of this number (from 0).

    Full jitter over an exponentially growing bound (Brooker, "Exponential Backoff And Jitter", AWS
    Architecture Blog, 2015).
    """
    return draw.uniform(0, min(MAX_SECONDS, BASE_SECONDS * 2**retry))
