"""What partial failure costs: success, calls per request and latency, beside what the same dice would have allowed.

    uv run tests/bench/partial_failure.py [--seconds 120] [--seeds 5]

Forty requests a second go through routing, breakers, budgets and failover as they are; only the clock and the
provider are made up, so that a table of an hour takes seconds and is the same each time. Whether the nth
attempt of a request succeeds is settled by a die of its own, hence "ideal" is what that request would have
got with all its attempts from a client that knows the best target and never waits in between, and any difference is
the policy's.
"""

import argparse
import asyncio
import random
import selectors
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import structlog

from ymera_service.catalog import Catalog
from ymera_service.config import BreakerSettings, CatalogSettings, ExecutionSettings, RoutingSettings
from ymera_service.execution.attempt import AttemptRunner
from ymera_service.execution.context import ExecutionContext
from ymera_service.execution.deadlines import Deadlines
from ymera_service.execution.events import ExecutionEvent
from ymera_service.execution.facts import Execution, ExecutionRequest
from ymera_service.execution.recording import Recording
from ymera_service.execution.stages import QUICK_SECONDS, Generate, Route, Stage
from ymera_service.plugins.boundary import Boundary
from ymera_service.resilience.breaker import Breakers
from ymera_service.resilience.retries import RetryBudgets
from ymera_service.routing.decision import Preferences
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.routing.prompts.readers import Readers
from ymera_service.routing.router import Router
from ymera_service.routing.sessions.affinity import Sessions
from ymera_service.sdk.content import user
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import ProviderError, ProviderServerError, RateLimited, YmeraError
from ymera_service.sdk.events import Accepted, Finished, Headroom, ProviderEvent, TextDelta
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Prompt
from ymera_service.sdk.models import Model, ModelInfo
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.targets import Deployment, Target
from ymera_service.telemetry.timing import Timings

T = TypeVar("T")

RATE = 40
"""Requests a second."""
CALL_SECONDS = 0.02
"""How long the provider takes to answer or to fail."""
DEADLINE_SECONDS = 30.0
SHARES = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)
CASES: Sequence[tuple[int, float]] = [(n, p) for p in SHARES for n in (1, 2, 3)]
HANGS = float("inf")
WINDOW = 10
"""Seconds of a rate limit."""


@dataclass(frozen=True)
class Behaviour:
    """How a target behaves: which share of its calls fail, how, and after how many seconds it answers or fails."""

    rate: float = 0.0
    seconds: float = CALL_SECONDS
    failure: Callable[[], ProviderError] = lambda: ProviderServerError("failed")
    since: float = 0.0
    """Until this many simulated seconds have passed, it behaves as it should."""
    per_second: float = HANGS
    """How many requests a second it serves; it limits them by `WINDOW` seconds, and says in its headers what is left
    and in its refusals when to try again."""


WELL = Behaviour()


class VirtualClockLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer, so that waiting takes no time."""

    def __init__(self) -> None:
        super().__init__(_JumpingSelector(self))
        self.now = 0.0

    def time(self) -> float:
        return self.now


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualClockLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        self._loop.now += max(timeout, 0.0)
        return super().select(0)


def run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Runs a coroutine function on a virtual clock."""
    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        return runner.run(main())


@dataclass
class Outcome:
    """What came of a case, and what its dice allowed."""

    requests: int = 0
    calls: int = 0
    ideal_calls: int = 0
    latencies: list[float] = field(default_factory=list)
    """Of the requests that were answered, in seconds."""
    ideal_latencies: list[float] = field(default_factory=list)
    spread: Counter[str] = field(default_factory=Counter)
    """Calls by the target's id."""

    @property
    def success(self) -> float:
        return 100 * len(self.latencies) / self.requests

    @property
    def ideal(self) -> float:
        return 100 * len(self.ideal_latencies) / self.requests

    @property
    def amplification(self) -> float:
        return self.calls / self.requests

    @property
    def forced(self) -> float:
        """The amplification that the ideal success takes."""
        return self.ideal_calls / self.requests

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
            self.requests + other.requests,
            self.calls + other.calls,
            self.ideal_calls + other.ideal_calls,
            self.latencies + other.latencies,
            self.ideal_latencies + other.ideal_latencies,
            self.spread + other.spread,
        )

    def __str__(self) -> str:
        found, ideal = milliseconds(self.latencies), milliseconds(self.ideal_latencies)
        return (
            f"{self.success:.1f} % answered (ideal {self.ideal:.1f}), {self.amplification:.2f} calls per request"
            f" ({self.forced:.2f}), p50 {found[0]} ms ({ideal[0]}), p99 {found[1]} ms ({ideal[1]})"
        )


def milliseconds(latencies: Sequence[float]) -> tuple[str, str]:
    """Returns the median and the 99th percentile."""
    ordered = sorted(latencies)
    if not ordered:
        return "–", "–"
    median, last = (1000 * ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.99))
    return f"{median:.0f}", f"{last:.0f}"


class Dice:
    """Settles whether an attempt of a request fails, the same each time it is asked."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def fails(self, request_id: str, attempt: int, rate: float) -> bool:
        return random.Random(f"{self._seed} {request_id} {attempt}").random() < rate

    def attempts(self, request_id: str, most: int, rate: float) -> tuple[bool, int]:
        """Returns whether one of this many attempts succeeds, and how many are made until then."""
        for attempt in range(1, most + 1):
            if not self.fails(request_id, attempt, rate):
                return True, attempt
        return False, most


class FlakyProvider(Provider):
    """A model at one or several deployments, each of which fails by its behaviour and the dice."""

    def __init__(self, name: str, behaviours: Mapping[Deployment, Behaviour], dice: Dice, outcome: Outcome) -> None:
        self.name = name
        self._behaviours = behaviours
        self._dice = dice
        self._outcome = outcome
        self._served: Counter[tuple[Deployment, int]] = Counter()

    async def models(self) -> Sequence[ModelInfo]:
        return [ModelInfo("m", deployments=tuple(self._behaviours))]

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        self._outcome.calls += 1
        self._outcome.spread[context.target.id] += 1
        behaviour = self._behaviours[context.target.deployment]
        now = behaviour if asyncio.get_running_loop().time() >= behaviour.since else WELL
        headroom = self._limited(context.target.deployment, now)
        if now.seconds == HANGS:
            await asyncio.Event().wait()
        await asyncio.sleep(now.seconds)
        if self._dice.fails(context.request_id, context.attempt, now.rate):
            raise now.failure()
        yield Accepted((), headroom)
        yield TextDelta("Hello")
        yield Finished(FinishReason.STOP)

    def _limited(self, deployment: Deployment, now: Behaviour) -> Headroom | None:
        """Counts a call; raises `RateLimited` if it is one too many, and else returns what is left."""
        if now.per_second == HANGS:
            return None
        window, passed = divmod(asyncio.get_running_loop().time(), WINDOW)
        most, place = now.per_second * WINDOW, (deployment, int(window))
        if self._served[place] >= most:
            raise RateLimited("too many requests", status=429, retry_after=WINDOW - passed)
        self._served[place] += 1
        return Headroom(1 - self._served[place] / most, WINDOW - passed)


class Unrecorded(Recording):
    """Notes no calls, as nothing is stored here."""

    def __init__(self) -> None:
        pass

    def begin(self, context: ExecutionContext, number: int, target: Target, model: Model) -> None:
        pass


class Unread:
    """A sink that is not read."""

    def try_send(self, event: ExecutionEvent) -> bool:
        return True

    async def send(self, event: ExecutionEvent) -> None:
        pass


def route_and_generate(
    catalog: Catalog, breakers: Breakers, settings: ExecutionSettings, draw: random.Random
) -> Sequence[Stage]:
    """Returns the stages of a request, without slots."""
    router = Router(
        catalog=catalog,
        evidence=Evidence(),
        sessions=Sessions(10),
        open_domains=breakers.open_domains,
        paused_domains=breakers.pauses.domains,
        readers=Readers(dict),
        settings=RoutingSettings(),
        categories=lambda: (),
    )
    generate = Generate(
        attempts=AttemptRunner(settings, Boundary()),
        catalog=catalog,
        breakers=breakers,
        budgets=RetryBudgets(),
        recording=Unrecorded(),
        settings=settings,
        draw=draw,
    )
    return Route(router), generate


async def simulate(
    targets: Sequence[Behaviour],
    *,
    seconds: float,
    settings: BreakerSettings | None = None,
    seed: int = 1,
    hedging: bool = False,
    places: Sequence[Deployment] = (),
    beside: Sequence[Behaviour] = (),
    rate: float = RATE,
) -> Outcome:
    """Returns what comes of an open loop of requests, to be awaited on a virtual clock.

    Args:
        targets: How each behaves.
        seconds: Simulated ones.
        settings: Those of the breakers.
        seed: Of all dice.
        hedging: Whether a second target is called beside a slow one.
        places: The deployments of one model that the targets are; if empty, each is a model of its own provider.
        beside: Models of further providers.
        rate: Requests a second.
    """
    outcome, dice, execution = Outcome(), Dice(seed), ExecutionSettings(hedging=hedging)
    best = min(targets, key=lambda target: (target.rate, target.seconds))
    most = execution.max_attempts if best.seconds <= QUICK_SECONDS else execution.max_slow_attempts
    offers = [dict(zip(places, targets, strict=True))] if places else [{Deployment(): target} for target in targets]
    offers += [{Deployment(): target} for target in beside]
    providers = [FlakyProvider(f"p{number}", offer, dice, outcome) for number, offer in enumerate(offers)]
    catalog = Catalog({provider.name: provider for provider in providers}, CatalogSettings())
    await catalog.refresh()
    clock = asyncio.get_running_loop().time
    breakers = Breakers(settings or BreakerSettings(), clock, random.Random(seed))
    stages = route_and_generate(catalog, breakers, execution, random.Random(seed))

    async def request(number: int) -> None:
        began = clock()
        checked = ExecutionRequest(f"request-{number}", Prompt((user("hi"),)), Preferences(), began + DEADLINE_SECONDS)
        deadline = Deadlines().scope(checked.deadline)
        context = ExecutionContext(Execution(checked, True, datetime.now(UTC), began), Unread(), Timings(), deadline)
        answered, calls = dice.attempts(checked.request_id, most, best.rate)
        outcome.requests += 1
        outcome.ideal_calls += calls
        if answered:
            outcome.ideal_latencies.append(calls * best.seconds)
        try:
            async with context.deadline:
                for stage in stages:
                    await stage(context)
        except YmeraError:
            return
        outcome.latencies.append(clock() - began)

    async with asyncio.TaskGroup() as tasks:
        for number in range(int(seconds * rate)):
            tasks.create_task(request(number))
            await asyncio.sleep(1 / rate)
    return outcome


def table(seconds: float, seeds: int, call_seconds: float) -> None:
    """Prints a line for each case: the figures over all seeds, and the worst of a seed where it differs."""
    for models, rate in CASES:
        targets = [Behaviour(rate, call_seconds)] * models
        outcomes = [run(partial(simulate, targets, seconds=seconds, seed=seed)) for seed in range(seeds)]
        below = max(one.ideal - one.success for one in outcomes)
        above = max(one.amplification / one.forced - 1 for one in outcomes)
        print(f"{models} × {rate:.0%} failing: {total(outcomes)}; worst {below:.2f} points below, {above:.1%} above")


def total(outcomes: Iterable[Outcome]) -> Outcome:
    """Returns the sum."""
    return sum(outcomes, Outcome())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120, help="simulated time of each case")
    parser.add_argument("--seeds", type=int, default=5, help="runs of each case, with other dice")
    parser.add_argument("--call-seconds", type=float, default=CALL_SECONDS, help="until a call answers or fails")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    given = parser.parse_args()
    table(given.seconds, given.seeds, given.call_seconds)
