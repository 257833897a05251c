"""Answers requests at the stated speed, and raises the configured faults."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import NotFound
from ymera_service.sdk.events import (
    Accepted,
    Finished,
    ProviderEvent,
    ReasoningDelta,
    ResponseStarted,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import GenerateRequest, Usage
from ymera_service.sdk.models import Kind, ModelInfo
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.work import (
    CountRequest,
    Embeddings,
    EmbedRequest,
    ModerateRequest,
    Moderations,
    Ranked,
    Ranking,
    RerankRequest,
    TokenCount,
)
from ymera_simulator import tokens
from ymera_simulator.faults import Faults, error_before_answer, error_within_answer
from ymera_simulator.harms import verdict_on
from ymera_simulator.models import SimulatedModel, models_of
from ymera_simulator.respondent import Respondent, SimulatedAnswer
from ymera_simulator.settings import FaultMode, FaultSettings, SimulatorSettings
from ymera_simulator.vectors import DIMENSIONS, likeness, vector_of

Sleep = Callable[[float], Awaitable[None]]


class SimulatorProvider(Provider):
    """A provider inside the process: no network, no keys, the same answers in every run of a seed."""

    def __init__(self, settings: SimulatorSettings, sleep: Sleep = asyncio.sleep) -> None:
        self.name = "simulator"
        self.simulated = True
        self._speed = settings.speed
        self._sleep = sleep
        self._models = models_of(settings.models)
        self._faults = Faults(settings.faults, settings.seed)
        self._respondent = Respondent(settings.seed, settings.scripts)
        self._answers = 0

    async def models(self) -> Sequence[ModelInfo]:
        """Returns the table's models, as the settings change and extend them."""
        return [model.info for model in self._models.values()]

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        """Answers one request; see `Provider.generate`."""
        model = self._model(request.model)
        fault = self._faults.next(model.name)
        answer = await self._respondent.answer(model, request.prompt)
        await self._wait_for_head(model, fault)
        self._answers += 1
        yield Accepted()
        yield ResponseStarted(f"sim-{self._answers}", model.name)
        deltas = _deltas(answer, request.stream)
        broken = error_within_answer(fault)
        pause = self._pause(model) if request.stream else 0.0
        if not request.stream and self._speed:
            await self._sleep(self._pause(model) * answer.output_tokens)
        for delta in deltas[: len(deltas) // 2] if broken else deltas:
            if pause:
                await self._sleep(pause)
            yield delta
        if broken:
            raise broken
        reasoning_tokens = tokens.count(answer.reasoning)
        yield UsageReported(Usage(answer.input_tokens, answer.output_tokens, reasoning_output_tokens=reasoning_tokens))
        yield Finished(answer.finish_reason, answer.finish_reason.value, answer.stop_sequence)

    async def embed(self, request: EmbedRequest, context: CallContext) -> Embeddings:
        """See `Provider.embed`."""
        model = await self._ready(request.model, Kind.EMBED)
        dimensions = request.dimensions or DIMENSIONS
        return Embeddings(
            tuple([vector_of(text, dimensions) for text in request.inputs]),
            usage=Usage(sum(map(tokens.count, request.inputs))),
            model=model.name,
            response_id=f"sim-{self._answers}",
        )

    async def moderate(self, request: ModerateRequest, context: CallContext) -> Moderations:
        """See `Provider.moderate`."""
        model = await self._ready(request.model, Kind.MODERATE)
        return Moderations(
            tuple(map(verdict_on, request.inputs)),
            usage=Usage(sum(map(tokens.count, request.inputs))),
            model=model.name,
            response_id=f"sim-{self._answers}",
        )

    async def rerank(self, request: RerankRequest, context: CallContext) -> Ranking:
        """See `Provider.rerank`."""
        model = await self._ready(request.model, Kind.RERANK)
        query = vector_of(request.query, DIMENSIONS)
        scores = [likeness(query, vector_of(document, DIMENSIONS)) for document in request.documents]
        return Ranking(
            tuple(map(Ranked, range(len(scores)), scores)),
            usage=Usage(tokens.count(request.query) + sum(map(tokens.count, request.documents))),
            model=model.name,
            response_id=f"sim-{self._answers}",
        )

    async def count_tokens(self, request: CountRequest, context: CallContext) -> TokenCount:
        """See `Provider.count_tokens`."""
        return TokenCount(tokens.of_prompt(request.prompt), model=self._model(request.model).name)

    async def _ready(self, name: str, kind: Kind) -> SimulatedModel:
        """Returns a model that is about to reply, after its time; raises its faults."""
        model = self._model(name, kind)
        fault = self._faults.next(model.name)
        await self._wait_for_head(model, fault)
        if error := error_within_answer(fault):
            raise error
        self._answers += 1
        return model

    def _model(self, name: str, kind: Kind = Kind.GENERATE) -> SimulatedModel:
        model = self._models.get(name)
        if model is None or model.kind is not kind:
            raise NotFound(f"the simulator has no model {name!r} for this", status=404, param="model")
        return model

    def _pause(self, model: SimulatedModel) -> float:
        return 1 / (model.tokens_per_second * self._speed) if self._speed else 0.0

    async def _wait_for_head(self, model: SimulatedModel, fault: FaultSettings | None) -> None:
        if self._speed and model.first_token:
            await self._sleep(model.first_token / self._speed)
        if fault is None:
            return
        if error := error_before_answer(fault):
            raise error
        if fault.mode is FaultMode.HANG:
            await asyncio.get_running_loop().create_future()
        if fault.mode is FaultMode.SLOW:
            await self._sleep(fault.delay)


def _deltas(answer: SimulatedAnswer, stream: bool) -> list[ProviderEvent]:
    cut = tokens.pieces if stream else _whole
    deltas: list[ProviderEvent] = [ReasoningDelta(piece) for piece in cut(answer.reasoning)]
    deltas += [TextDelta(piece) for piece in cut(answer.text)]
    if call := answer.tool_call:
        deltas.append(ToolCallDelta(0, call.id, call.name))
        deltas += [ToolCallDelta(0, arguments=piece) for piece in cut(call.arguments)]
    return deltas


def _whole(text: str) -> list[str]:
    return [text] if text else []
