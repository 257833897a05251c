"""Which model is called next, and when no further one is."""

import asyncio
import random

from ymera_service.catalog import Catalog
from ymera_service.execution.run import Call, Run
from ymera_service.resilience.breaker import Breakers, Permit
from ymera_service.resilience.retries import RetryBudget, backoff
from ymera_service.sdk.errors import NoHealthyModel, ProviderError
from ymera_service.sdk.models import Model


class Failover:
    """Goes through the candidates in order; then retries the best of them that may recover soon.

    Going over to a different model is free; calling the same one again waits with full jitter and is
    charged to the retry budget.
    """

    def __init__(
        self,
        catalog: Catalog,
        breakers: Breakers,
        max_attempts: int,
        draw: random.Random,
    ) -> None:
        self._catalog = catalog
        self._breakers = breakers
        self._budget = RetryBudget()
        self._max_attempts = max_attempts
        self._draw = draw

    async def next_call(self, run: Run, error: ProviderError | None) -> Call | None:
        """Returns the next call to make; `None` where there is no use in another.

        Args:
            run: The execution so far.
            error: Why its latest call failed, if one did.
        """
        if len(run.attempts) >= self._max_attempts or (error and not error.fails_over):
            return None
        return self._untried(run) or (await self._retry(run, error) if error else None)

    def _untried(self, run: Run) -> Call | None:
        tried = {attempt.model for attempt in run.attempts}
        models = self._catalog.models
        for candidate in run.decision.candidates:
            if candidate.model in tried or (model := models.get(candidate.model)) is None:
                continue
            if permit := self._breakers.of(candidate.model).try_acquire():
                return _begin(run, model, permit)
        return None

    async def _retry(self, run: Run, error: ProviderError) -> Call | None:
        model = run.call.model if run.call else None
        if model is None or not error.retryable:
            return None
        wait = backoff(error, len(run.attempts) - 1, self._draw)
        if asyncio.get_running_loop().time() + wait >= run.request.deadline or not self._budget.try_withdraw():
            return None
        await run.watch.wait(asyncio.sleep(wait))
        permit = self._breakers.of(model.id).try_acquire()
        return _begin(run, model, permit) if permit else None

    def succeeded(self) -> None:
        """A call succeeded: the budget for retries recovers."""
        self._budget.deposit()

    def none_left(self, run: Run) -> NoHealthyModel:
        """Returns the error of an execution for which no model could be called."""
        waits = [self._breakers.of(candidate.model).retry_after for candidate in run.decision.candidates]
        return NoHealthyModel(
            "the circuit breaker of every eligible model is open", retry_after=min(waits, default=1.0)
        )


def _begin(run: Run, model: Model, permit: Permit) -> Call:
    run.call = Call(len(run.attempts) + 1, model, permit, asyncio.get_running_loop().time())
    return run.call
