"""Embed: batches, order, one model for all vectors, failover, accounting, the record."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2  # type: ignore[import-untyped]  # ships no py.typed
from grpc_status import rpc_status
from ymera.v1 import inference_pb2 as pb
from ymera.v1 import inference_pb2_grpc, routing_pb2, routing_pb2_grpc, usage_pb2

from tests.integration.conftest import WAIT
from ymera_service.config import Settings
from ymera_service.plugins import FoundPlugin
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import AuthenticationFailed, InvalidProviderRequest, ProviderServerError
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.generation import Adaptation, AdaptationKind, GenerateRequest, Usage
from ymera_service.sdk.hookspecs import hookimpl
from ymera_service.sdk.models import Kind, ModelInfo, Price
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.work import Embeddings, EmbedRequest
from ymera_service.server import Application

BATCH = 3
CHEAP, DEAR = Price(1_000_000, 0), Price(2_000_000, 0)
"""One and two micro-USD a token."""

Step = BaseException | type[asyncio.CancelledError] | Callable[[Embeddings], object]


def plain(request: EmbedRequest, *, number: float) -> Embeddings:
    """Returns vectors that say which text and which model they are of; a token for each text."""
    vectors = tuple(
        [(float(text.strip("t")), number, *[0.0] * ((request.dimensions or 2) - 2)) for text in request.inputs]
    )
    return Embeddings(vectors, usage=Usage(len(request.inputs)), model=f"exact-{request.model}", response_id="r1")


@dataclass
class Embedder(Provider):
    """Embeds; a model's script says how its first calls fail, or how their replies are changed."""

    scripts: dict[str, list[Step | None]] = field(default_factory=dict)
    calls: list[EmbedRequest] = field(default_factory=list)
    contexts: list[CallContext] = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    name = "lab"

    async def models(self) -> Sequence[ModelInfo]:
        prices = {"cheap": CHEAP, "dear": DEAR, "unpriced": None}
        embedders = [
            ModelInfo(name, price=price, kind=Kind.EMBED, max_batch_inputs=BATCH) for name, price in prices.items()
        ]
        return [ModelInfo("parrot", price=Price(0, 0)), *embedders]

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        raise InvalidProviderRequest("it only embeds")
        yield

    async def embed(self, request: EmbedRequest, context: CallContext) -> Any:
        self.calls.append(request)
        self.contexts.append(context)
        step = script.pop(0) if (script := self.scripts.get(request.model)) else None
        if step is asyncio.CancelledError:
            self.reached.set()
            await asyncio.Event().wait()
        if isinstance(step, BaseException):
            raise step
        reply = plain(request, number=["cheap", "dear", "unpriced"].index(request.model))
        return step(reply) if step else reply


@pytest.fixture
async def embedder() -> Embedder:
    return Embedder()


@pytest.fixture
async def app(settings: Settings, embedder: Embedder) -> AsyncIterator[Application]:
    hooks = SimpleNamespace(
        ymera_register_providers=hookimpl(lambda: [embedder], specname="ymera_register_providers"),
    )
    async with Application.start(settings, [FoundPlugin("lab", "lab", "1.0", lambda: hooks)]) as app:
        yield app


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    return make_settings()


@pytest.fixture
def stub(channel: grpc.aio.Channel) -> "inference_pb2_grpc.InferenceServiceAsyncStub":
    return inference_pb2_grpc.InferenceServiceStub(channel)


def texts(count: int) -> list[str]:
    return [f"t{number}" for number in range(count)]


def request(count: int = 2, model: str = "", **fields: Any) -> pb.EmbedRequest:
    preferences = routing_pb2.RoutingPreferences(model=model, **fields.pop("preferences", {}))
    return pb.EmbedRequest(inputs=texts(count), preferences=preferences, **fields)


def numbers(response: pb.EmbedResponse) -> list[tuple[float, ...]]:
    return [tuple(each.values) for each in response.embeddings]


async def refused(call: Any) -> tuple[grpc.StatusCode, str, list[str]]:
    """Returns status, reason and the fields at fault of a call that is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    status = rpc_status.from_call(caught.value)  # type: ignore[arg-type]  # has what it reads
    assert status is not None
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
    return caught.value.code(), info.reason, [each.field for each in bad.field_violations]


async def test_texts_are_embedded_in_batches_and_returned_in_order(stub: Any, embedder: Embedder) -> None:
    response: pb.EmbedResponse = await stub.Embed(request(8), timeout=WAIT)
    assert numbers(response) == [(float(number), 0.0) for number in range(8)]
    assert [len(call.inputs) for call in embedder.calls] == [3, 3, 2]
    assert (response.model, response.usage.input_tokens, response.usage.cost_micros) == ("lab/cheap", 8, 8)
    assert not response.usage.estimated
    assert [(each.turn, each.number, each.usage.input_tokens) for each in response.attempts] == [
        (1, 1, 3),
        (2, 1, 3),
        (3, 1, 2),
    ]
    assert (response.attempts[0].response_model, response.attempts[0].response_id) == ("exact-cheap", "r1")


async def test_a_batch_that_fails_is_sent_again_alone(stub: Any, embedder: Embedder) -> None:
    embedder.scripts["cheap"] = [None, ProviderServerError("once", status=500)]
    response = await stub.Embed(request(8), timeout=WAIT)
    assert numbers(response) == [(float(number), 0.0) for number in range(8)]
    assert [call.inputs[0] for call in embedder.calls] == ["t0", "t3", "t3", "t6"]
    assert [(each.turn, each.number, each.error.reason) for each in response.attempts][1:3] == [
        (2, 1, "PROVIDER_SERVER_ERROR"),
        (2, 2, ""),
    ]
    assert response.usage.input_tokens == 8


async def test_another_model_does_all_of_the_work_if_one_fails_in_the_middle(stub: Any, embedder: Embedder) -> None:
    embedder.scripts["cheap"] = [None, AuthenticationFailed("expired")]
    response = await stub.Embed(request(5), timeout=WAIT)
    assert numbers(response) == [(float(number), 1.0) for number in range(5)]
    assert response.model == "lab/dear"
    # Three tokens of the first model, and five at twice the price of the second.
    assert (response.usage.input_tokens, response.usage.cost_micros) == (8, 13)


async def test_work_that_no_model_can_finish_fails_with_what_it_cost(
    stub: Any, channel: grpc.aio.Channel, embedder: Embedder
) -> None:
    embedder.scripts["cheap"] = [None, AuthenticationFailed("expired")]
    call = stub.Embed(request(5, "cheap"), timeout=WAIT)
    assert (await refused(call))[:2] == (grpc.StatusCode.FAILED_PRECONDITION, "PROVIDER_AUTHENTICATION")
    past = await last(channel)
    assert (past.status, past.usage.cost_micros) == (routing_pb2.EXECUTION_STATUS_FAILED, 3)


async def last(channel: grpc.aio.Channel, **fields: Any) -> routing_pb2.Execution:
    past = routing_pb2_grpc.RoutingServiceStub(channel)
    page = await past.ListExecutions(routing_pb2.ListExecutionsRequest(page_size=1), timeout=WAIT)
    found = await past.GetExecution(
        routing_pb2.GetExecutionRequest(request_id=page.executions[0].request_id), timeout=WAIT
    )
    assert page.executions[0].operation == found.execution.operation
    return found.execution


async def test_the_cheapest_known_model_is_always_the_first_and_others_follow(stub: Any) -> None:
    for _ in range(5):
        decision = (await stub.Embed(request(), timeout=WAIT)).decision
        assert [each.model for each in decision.candidates] == ["lab/cheap", "lab/dear", "lab/unpriced"]
    assert (decision.category, decision.policy) == ("embeddings", "cheapest")
    assert "the lowest known price of 3 candidates" in decision.explanation


async def test_a_named_model_is_the_only_one_and_fallbacks_follow_in_their_order(stub: Any, embedder: Embedder) -> None:
    assert (await stub.Embed(request(model="lab/dear"), timeout=WAIT)).model == "lab/dear"
    embedder.scripts["unpriced"] = [AuthenticationFailed("no")]
    fallbacks = {"fallback_models": ["dear", "cheap"]}
    response = await stub.Embed(request(model="unpriced", preferences=fallbacks), timeout=WAIT)
    assert (response.model, len(response.attempts)) == ("lab/dear", 2)


async def test_an_unknown_price_stays_unknown(stub: Any) -> None:
    response = await stub.Embed(request(model="unpriced"), timeout=WAIT)
    assert not response.usage.HasField("cost_micros")


async def test_the_execution_is_stored_and_its_decision_computed_again(stub: Any, channel: grpc.aio.Channel) -> None:
    attribution = routing_pb2.Attribution(agent_name="indexer", labels={"team": "search"})
    response = await stub.Embed(request(4, attribution=attribution), timeout=WAIT)
    past = await last(channel)
    assert past.request_id == response.request_id
    assert past.operation == routing_pb2.OPERATION_EMBEDDINGS
    assert (past.status, past.model) == (routing_pb2.EXECUTION_STATUS_COMPLETED, "lab/cheap")
    assert (past.usage, len(past.attempts)) == (response.usage, 2)
    assert past.attribution == attribution
    again = await routing_pb2_grpc.RoutingServiceStub(channel).GetExecution(
        routing_pb2.GetExecutionRequest(request_id=response.request_id, decision_view=routing_pb2.DECISION_VIEW_FULL),
        timeout=WAIT,
    )
    assert again.recomputation_problem == ""
    assert again.recomputed_decision.policy == "cheapest"
    assert [each.model for each in again.recomputed_decision.candidates] == [
        each.model for each in response.decision.candidates
    ]


async def test_what_the_provider_knows_of_the_call(stub: Any, embedder: Embedder) -> None:
    await stub.Embed(
        request(4, dimensions=7, purpose=pb.EMBED_PURPOSE_QUERY), timeout=WAIT, metadata=[("traceparent", TRACE)]
    )
    assert [(call.dimensions, call.purpose) for call in embedder.calls] == [(7, "query")] * 2
    assert [(context.turn, context.attempt, context.traceparent) for context in embedder.contexts] == [
        (1, 1, TRACE),
        (2, 1, TRACE),
    ]


TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_usage_that_the_provider_does_not_report_is_estimated_and_its_own_cost_is_kept(
    stub: Any, embedder: Embedder
) -> None:
    embedder.scripts["cheap"] = [lambda reply: Embeddings(reply.vectors, cost_micros=77)]
    response = await stub.Embed(request(), timeout=WAIT)
    assert (response.usage.estimated, response.usage.input_tokens, response.usage.cost_micros) == (True, 2, 77)


async def test_what_was_not_sent_as_asked_is_a_warning(stub: Any, embedder: Embedder) -> None:
    dropped = Adaptation(AdaptationKind.DROPPED, "purpose", "unknown here")
    embedder.scripts["cheap"] = [lambda reply: Embeddings(reply.vectors, adaptations=(dropped,))]
    (attempt,) = (await stub.Embed(request(), timeout=WAIT)).attempts
    assert [(each.field, each.detail) for each in attempt.warnings] == [("purpose", "unknown here")]


WRONG: dict[str, tuple[Step, str]] = {
    "too few": (lambda reply: Embeddings(reply.vectors[1:]), "PROVIDER_MALFORMED_RESPONSE"),
    "lengths": (lambda reply: Embeddings(((1.0,), (1.0, 2.0))), "PROVIDER_MALFORMED_RESPONSE"),
    "empty": (lambda reply: Embeddings(((), ())), "PROVIDER_MALFORMED_RESPONSE"),
    "not finite": (lambda reply: Embeddings(((float("nan"),), (1.0,))), "PROVIDER_MALFORMED_RESPONSE"),
    "no numbers": (lambda reply: Embeddings((("a",), ("b",))), "PROVIDER_MALFORMED_RESPONSE"),  # type: ignore[arg-type]
    "no vectors": (lambda reply: [[1.0], [2.0]], "PROVIDER_MALFORMED_RESPONSE"),
    "a surrogate": (lambda reply: Embeddings(reply.vectors, model="\ud800"), "PROVIDER_MALFORMED_RESPONSE"),
    "a defect": (ZeroDivisionError("a secret"), "PROVIDER_SERVER_ERROR"),
    "an exit": (SystemExit(1), "PROVIDER_SERVER_ERROR"),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_wrong_reply_ends_the_call_and_another_model_answers(stub: Any, embedder: Embedder, wrong: str) -> None:
    step, reason = WRONG[wrong]
    embedder.scripts["cheap"] = [step]
    response = await stub.Embed(request(), timeout=WAIT)
    assert response.model == "lab/dear"
    assert response.attempts[0].error.reason == reason
    assert "secret" not in response.attempts[0].error.message


async def test_a_model_that_ignores_the_dimensions_is_passed_over(stub: Any, embedder: Embedder) -> None:
    embedder.scripts["cheap"] = [lambda reply: Embeddings(((1.0, 2.0), (3.0, 4.0)))]
    response = await stub.Embed(request(dimensions=9), timeout=WAIT)
    assert (response.model, len(response.embeddings[0].values)) == ("lab/dear", 9)
    assert response.attempts[0].error.reason == "PROVIDER_INVALID_REQUEST"


async def test_a_call_that_hangs_ends_with_the_deadline_and_is_recorded_with_an_estimate(
    stub: Any, channel: grpc.aio.Channel, embedder: Embedder
) -> None:
    embedder.scripts["cheap"] = [asyncio.CancelledError]
    call = stub.Embed(request(3, "cheap"), timeout=2.0)
    async with asyncio.timeout(WAIT):
        await embedder.reached.wait()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        usage = await first_usage(channel)
    assert (usage.estimated, usage.input_tokens) == (True, 3)


async def first_usage(channel: grpc.aio.Channel) -> usage_pb2.Usage:
    """Waits for a record: on a busy machine the client's own timer may be quicker than the server's."""
    past = routing_pb2_grpc.RoutingServiceStub(channel)
    while True:
        page = await past.ListExecutions(routing_pb2.ListExecutionsRequest())
        if page.executions:
            return page.executions[0].usage
        await asyncio.sleep(0.01)


BAD: dict[str, tuple[pb.EmbedRequest, list[str]]] = {
    "nothing": (pb.EmbedRequest(), ["inputs"]),
    "empty": (pb.EmbedRequest(inputs=["a", ""]), ["inputs[1]"]),
    "nul": (pb.EmbedRequest(inputs=["a\0"]), ["inputs[0]"]),
    "too many": (pb.EmbedRequest(inputs=["a"] * 2049), ["inputs"]),
    "dimensions": (pb.EmbedRequest(inputs=["a"], dimensions=0), ["dimensions"]),
    "purpose": (pb.EmbedRequest(inputs=["a"], purpose=77), ["purpose"]),  # type: ignore[arg-type]  # not known
    "preferences": (
        pb.EmbedRequest(
            inputs=["a"],
            preferences=routing_pb2.RoutingPreferences(
                cost_quality=1, session_id="s", category_hint="math", hedging=True
            ),
        ),
        [f"preferences.{name}" for name in ("weights", "session_id", "category_hint", "hedging")],
    ),
}


@pytest.mark.parametrize("bad", BAD)
async def test_every_fault_of_a_request_is_named(stub: Any, embedder: Embedder, bad: str) -> None:
    sent, fields = BAD[bad]
    code, reason, found = await refused(stub.Embed(sent, timeout=WAIT))
    assert (code, reason, found) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", fields)
    assert embedder.calls == []


async def test_a_request_that_would_take_too_many_calls_is_refused(stub: Any, embedder: Embedder) -> None:
    code, reason, _ = await refused(stub.Embed(request(64 * BATCH + 1), timeout=WAIT))
    assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "PROVIDER_INVALID_REQUEST")
    assert embedder.calls == []
    response = await stub.Embed(request(64 * BATCH), timeout=WAIT)
    assert len(response.embeddings) == 64 * BATCH


async def test_a_model_of_another_kind_embeds_nothing(stub: Any) -> None:
    assert (await refused(stub.Embed(request(model="lab/parrot"), timeout=WAIT)))[1] == "NO_ELIGIBLE_MODEL"
    assert (await refused(stub.Embed(request(model="lab/nobody"), timeout=WAIT)))[1] == "MODEL_NOT_FOUND"


async def test_the_simulator_embeds_where_no_real_model_does(installed_app: Application) -> None:
    async with grpc.aio.insecure_channel(installed_app.address) as channel:
        sent = pb.EmbedRequest(inputs=["a small cat", "a small dog", "the price of copper"], dimensions=64)
        response = await inference_pb2_grpc.InferenceServiceStub(channel).Embed(sent, timeout=WAIT)
    cat, dog, copper = numbers(response)
    assert response.simulated
    assert {len(cat), len(dog), len(copper)} == {64}
    assert alike(cat, dog) > alike(cat, copper)


def alike(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
