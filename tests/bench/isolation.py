"""What a hung target, a slow one or a greedy caller costs the others: success and latency, beside those without it.

    uv run tests/bench/isolation.py [--seconds 120]

The load is an open loop: requests come on time, whatever became of those before. They go through admission, routing
and failover as they are, with 64 slots; only the clock and the provider are made up, so that the table is the same
each time. Breakers are off, as what they do comes on top. "Ideal" is the same requests of the same callers, with
the same dice, on a server that has only them.
"""

import argparse
import asyncio
import random
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from partial_failure import Unread, Unrecorded, run

from ymera_service.catalog import Catalog
from ymera_service.config import BreakerSettings, CatalogSettings, ExecutionSettings, RoutingSettings
from ymera_service.execution.attempt import AttemptRunner
from ymera_service.execution.context import ExecutionContext
from ymera_service.execution.deadlines import Deadlines
from ymera_service.execution.facts import Execution, ExecutionRequest
from ymera_service.execution.stages import Admit, Generate, Route, Screen
from ymera_service.plugins.boundary import Boundary
from ymera_service.resilience.breaker import Breakers
from ymera_service.resilience.retries import RetryBudgets
from ymera_service.resilience.slots import Slots
from ymera_service.routing.decision import Preferences
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.routing.prompts.readers import Readers
from ymera_service.routing.router import Router
from ymera_service.routing.sessions.affinity import Sessions
from ymera_service.sdk.content import user
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import YmeraError
from ymera_service.sdk.events import Accepted, Finished, ProviderEvent, TextDelta
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Prompt
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider
from ymera_service.telemetry.timing import Timings

SLOTS, QUEUE = 64, 128
OFF = BreakerSettings(failures=1_000_000, window=1, failure_share=1)
HANGS = float("inf")


@dataclass(frozen=True)
class Flow:
    """Requests of one caller to one model: `rate` a second, each of which takes `seconds` on average."""

    caller: str
    model: str
    rate: float
    seconds: float
    deadline: float = 30.0


@dataclass(frozen=True)
class Case:
    """What goes wrong, and for whom nothing should change."""

    name: str
    others: Sequence[Flow]
    disturbance: Sequence[Flow]


STEADY = Flow("steady", "well", 40, 0.2)
MODEST = Flow("modest", "well", 10, 0.2)
CASES: Sequence[Case] = (
    Case("a hung target", [STEADY], [Flow("other", "hung", 40, HANGS)]),
    Case("a hung target, same caller", [STEADY], [Flow("steady", "hung", 40, HANGS)]),
    Case("a hung target at 400/s", [STEADY], [Flow("other", "hung", 400, HANGS)]),
    Case("two hung targets", [STEADY], [Flow("other", "hung", 40, HANGS), Flow("other", "hung-too", 40, HANGS)]),
    Case("a target that takes 5 s", [STEADY], [Flow("other", "slow", 40, 5.0)]),
    Case("a greedy caller", [MODEST], [Flow("greedy", "well", 400, 0.2)]),
)


@dataclass
class Outcome:
    """What came of the requests of some flows."""

    sent: int = 0
    latencies: list[float] = field(default_factory=list)
    """Of those that were answered, in seconds."""

    @property
    def success(self) -> float:
        return 100 * len(self.latencies) / self.sent

    def latency(self, share: float) -> float:
        """The milliseconds within which this share of the answers came."""
        return 1000 * sorted(self.latencies)[int(share * (len(self.latencies) - 1))]


class Paced(Provider):
    """Answers after the time that its flow and its dice say."""

    name = "acme"

    def __init__(self, flows: Sequence[Flow]) -> None:
        self._seconds = {flow.model: flow.seconds for flow in flows}

    async def models(self) -> Sequence[ModelInfo]:
        return [ModelInfo(name) for name in self._seconds]

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        mean = self._seconds[request.model]
        if mean == HANGS:
            await asyncio.Event().wait()
        await asyncio.sleep(random.Random(context.request_id).expovariate(1 / mean))
        yield Accepted()
        yield TextDelta("Hello")
        yield Finished(FinishReason.STOP)


class Server:
    """Everything between the network and the provider that decides who waits for whom."""

    def __init__(self, catalog: Catalog) -> None:
        self._clock = asyncio.get_running_loop().time
        breakers, settings = Breakers(OFF, self._clock), ExecutionSettings()
        self._slots = Slots(SLOTS, QUEUE)
        router = Router(
            catalog=catalog,
            evidence=Evidence(),
            sessions=Sessions(10),
            open_domains=breakers.open_domains,
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
            draw=random.Random(1),
        )
        route = Route(router)
        self._stages = (Screen(self._slots), route, Admit(self._slots), generate)

    async def send(self, flow: Flow, number: int, outcome: Outcome) -> None:
        """Makes one request."""
        began = self._clock()
        request = ExecutionRequest(
            f"{flow.caller}-{flow.model}-{number}",
            Prompt((user("hi"),)),
            Preferences(allow_models=(f"acme/{flow.model}",)),
            began + flow.deadline,
            caller=flow.caller,
        )
        deadline = Deadlines().scope(request.deadline)
        context = ExecutionContext(Execution(request, True, datetime.now(UTC), began), Unread(), Timings(), deadline)
        outcome.sent += 1
        with suppress(YmeraError):
            try:
                async with context.deadline:
                    for stage in self._stages:
                        await stage(context)
            finally:
                if context.slot is not None:
                    context.slot.release()
            outcome.latencies.append(self._clock() - began)


async def simulate(flows: Sequence[Flow], seconds: float) -> Mapping[Flow, Outcome]:
    """Returns what comes of each flow, to be awaited on a virtual clock."""
    catalog = Catalog({"acme": Paced(flows)}, CatalogSettings())
    await catalog.refresh()
    server, outcomes = Server(catalog), {flow: Outcome() for flow in flows}

    async def offer(flow: Flow) -> None:
        for number in range(int(seconds * flow.rate)):
            requests.create_task(server.send(flow, number, outcomes[flow]))
            await asyncio.sleep(1 / flow.rate)

    async with asyncio.TaskGroup() as requests:
        for flow in flows:
            requests.create_task(offer(flow))
    return outcomes


def measure(case: Case, seconds: float) -> tuple[Outcome, Outcome]:
    """Returns what comes of the others' requests, and what would have come of them without the disturbance."""

    def of_others(flows: Sequence[Flow]) -> Outcome:
        outcomes = run(lambda: simulate(flows, seconds))
        found = [outcomes[flow] for flow in case.others]
        return Outcome(sum(one.sent for one in found), [latency for one in found for latency in one.latencies])

    return of_others([*case.others, *case.disturbance]), of_others(case.others)


def compared(found: Outcome, ideal: Outcome) -> str:
    """Returns the figures, with those without the disturbance in brackets."""
    p50, p99 = (f"{found.latency(share):.0f} ms ({ideal.latency(share):.0f})" for share in (0.5, 0.99))
    return f"{found.success:.1f} % answered (ideal {ideal.success:.1f}), p50 {p50}, p99 {p99}"


def table(seconds: float) -> None:
    """Prints a line for each case."""
    for case in CASES:
        print(f"{case.name}: to the others, {compared(*measure(case, seconds))}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120, help="simulated time of each case")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    table(parser.parse_args().seconds)
