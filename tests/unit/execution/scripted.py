"""A pipeline whose provider follows a script."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from ymera_service.execution.events import Ended, ExecutionEvent
from ymera_service.execution.facts import Execution, ExecutionRequest
from ymera_service.execution.pipeline import Pipeline
from ymera_service.resilience.breaker import Breakers
from ymera_service.routing.decision import Preferences
from ymera_service.sdk.classifiers import Classifier, Reading
from ymera_service.sdk.content import user
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.events import Accepted, Finished, ProviderEvent, TextDelta, UsageReported
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Prompt, Usage
from ymera_service.sdk.models import Capability, ModelInfo, Price
from ymera_service.sdk.providers import Provider
from ymera_service.storage import Database, Recorder
from ymera_service.storage.records import ExecutionStatus
from ymera_service.telemetry.timing import Timings

WAIT = 10.0
"""The bound on every wait of a test, in seconds."""
HANG = object()
"""In a script: wait until cancelled."""
HIDE = object()
"""In a script: wait until cancelled, and raise something else then."""


@dataclass(frozen=True)
class Pause:
    """In a script: wait for this many seconds."""

    seconds: float


Step = ProviderEvent | BaseException | object
DONE = Finished(FinishReason.STOP)
COUNTED = UsageReported(Usage(input_tokens=10, output_tokens=3))
HELLO: Sequence[Step] = (Accepted(), TextDelta("Hel"), TextDelta("lo"), COUNTED, DONE)
HELLO_PROMPT = Prompt((user("Say hello."),))
PRICE = Price(input=1_000_000, output=2_000_000, service_tiers={"flex": Price(500_000, 1_000_000)})
"""One micro-USD per input token, two per output token; half of that in the tier "flex"."""


class ScriptedProvider(Provider):
    """Runs a script per call of a model: the first call runs the first script, and so on; the last one repeats."""

    def __init__(self, name: str, scripts: Mapping[str, Sequence[Sequence[Step]]]) -> None:
        self.name = name
        self._scripts = scripts
        self.calls: list[GenerateRequest] = []
        self.contexts: list[CallContext] = []
        self.hanging = asyncio.Event()
        self.closed = 0

    async def models(self) -> Sequence[ModelInfo]:
        capabilities = frozenset(Capability)
        return [ModelInfo(name, capabilities, price=None if name == "unpriced" else PRICE) for name in self._scripts]

    def forget(self) -> None:
        """Releases all scripts."""
        self._scripts = {}

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        scripts = self._scripts[request.model]
        turn = sum(call.model == request.model for call in self.calls)
        self.calls.append(request)
        self.contexts.append(context)
        try:
            for step in scripts[min(turn, len(scripts) - 1)]:
                if isinstance(step, BaseException):
                    raise step
                if step is HANG:
                    self.hanging.set()
                    await asyncio.Event().wait()
                if step is HIDE:
                    try:
                        await asyncio.Event().wait()
                    except asyncio.CancelledError:
                        raise ValueError("not a cancellation") from None
                if isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
                    continue
                await asyncio.sleep(0)
                yield step  # type: ignore[misc]  # what is neither is an event
        finally:
            self.closed += 1


class OneCategory(Classifier):
    name = "fixed"

    def read(self, prompt: Prompt) -> Reading:
        return Reading({"general": 1.0})


CLASSIFIERS = {"fixed": OneCategory()}


class ListSink:
    """Keeps every event; `ready` says whether it takes one at once."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def try_send(self, event: ExecutionEvent) -> bool:
        self.events.append(event)
        return True

    async def send(self, event: ExecutionEvent) -> None:
        self.events.append(event)


@dataclass
class Harness:
    """A pipeline on real parts, with a scripted provider at the end."""

    pipeline: Pipeline
    provider: ScriptedProvider
    database: Database
    recorder: Recorder
    breakers: Breakers
    timings: Timings = field(default_factory=Timings)
    requests: int = 0

    def request(self, *, deadline: float = 30, prompt: Prompt | None = None, **preferences: object) -> ExecutionRequest:
        self.requests += 1
        return ExecutionRequest(
            f"request-{self.requests}",
            prompt or HELLO_PROMPT,
            Preferences(**preferences),  # type: ignore[arg-type]  # the tests' own words
            asyncio.get_running_loop().time() + deadline,
        )

    async def stream(self, request: ExecutionRequest | None = None, sink: ListSink | None = None) -> list[Any]:
        sink = sink or ListSink()
        await asyncio.wait_for(self.pipeline.stream(request or self.request(), sink, self.timings), WAIT)
        return sink.events

    async def end_of(self, request: ExecutionRequest | None = None) -> Execution:
        last = (await self.stream(request))[-1]
        assert isinstance(last, Ended)
        return last.execution

    async def under_way(self, calls: int) -> None:
        """Returns once the provider has had this many calls."""
        async with asyncio.timeout(WAIT):
            while len(self.provider.calls) < calls:  # noqa: ASYNC110  # the scripts have no signal for it
                await asyncio.sleep(0.001)

    async def record(self) -> tuple[ExecutionStatus, Usage, int | None, bool]:
        record = await self.database.executions.get(f"request-{self.requests}")
        assert record is not None
        return record.status, record.usage, record.cost_micros, record.usage_estimated


OpenHarness = Callable[..., AbstractAsyncContextManager[Harness]]


def errors_of(execution: Execution) -> list[str]:
    """The reasons of the attempts, empty for one that answered."""
    return [attempt.error.reason if attempt.error else "" for attempt in execution.attempts]


def models_of(execution: Execution) -> list[str]:
    return [attempt.target.model for attempt in execution.attempts]


def both(*scripts: Sequence[Step]) -> Mapping[str, Sequence[Sequence[Step]]]:
    """Two equal models: the first call of either runs the first script, the next call the second, and so on."""
    turns = iter(scripts)

    class Turns(Sequence[Sequence[Step]]):
        def __len__(self) -> int:
            return 1

        def __getitem__(self, index: object) -> Sequence[Step]:  # type: ignore[override]  # one is enough here
            return next(turns)

    return {"one": Turns(), "two": Turns()}
