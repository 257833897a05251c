"""Rerank: the best documents first, checked, accounted for and recorded."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from ymera.v1 import inference_pb2 as pb
from ymera.v1 import inference_pb2_grpc, routing_pb2, routing_pb2_grpc

from tests.integration.conftest import WAIT
from ymera_service.config import Settings
from ymera_service.plugins import FoundPlugin
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.hookspecs import hookimpl
from ymera_service.sdk.models import Kind, ModelInfo, Price
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.work import Ranked, Ranking, RerankRequest
from ymera_service.server import Application


class Librarian(Provider):
    """Scores documents by their number; `wrong` replaces the results of its cheap model."""

    name = "lab"
    wrong: Any = None

    def __init__(self) -> None:
        self.asked: list[RerankRequest] = []

    async def models(self) -> Sequence[ModelInfo]:
        fees = {"cheap": 2_000, "dear": 3_000}
        return [ModelInfo(name, price=Price(0, 0, per_request=fee), kind=Kind.RERANK) for name, fee in fees.items()]

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        raise InvalidProviderRequest("it only ranks")
        yield

    async def rerank(self, request: RerankRequest, context: CallContext) -> Ranking:
        self.asked.append(request)
        if self.wrong is not None and request.model == "cheap":
            return Ranking(self.wrong)
        return Ranking(tuple([Ranked(place, float(text)) for place, text in enumerate(request.documents)]))


@pytest.fixture
async def librarian() -> Librarian:
    return Librarian()


@pytest.fixture
async def app(settings: Settings, librarian: Librarian) -> AsyncIterator[Application]:
    hooks = SimpleNamespace(ymera_register_providers=hookimpl(lambda: [librarian], specname="ymera_register_providers"))
    async with Application.start(settings, [FoundPlugin("lab", "lab", "1.0", lambda: hooks)]) as app:
        yield app


@pytest.fixture
def settings(make_settings: Any) -> Any:
    return make_settings()


@pytest.fixture
def stub(channel: grpc.aio.Channel) -> "inference_pb2_grpc.InferenceServiceAsyncStub":
    return inference_pb2_grpc.InferenceServiceStub(channel)


def request(*documents: str, **fields: Any) -> pb.RerankRequest:
    return pb.RerankRequest(query="which?", documents=documents, **fields)


async def test_the_best_documents_come_first(stub: Any, channel: grpc.aio.Channel, librarian: Librarian) -> None:
    response = await stub.Rerank(request("3", "-1", "9", "3", top=3), timeout=WAIT)
    assert [(each.index, each.score) for each in response.results] == [(2, 9.0), (0, 3.0), (3, 3.0)]
    assert librarian.asked == [RerankRequest("cheap", "which?", ("3", "-1", "9", "3"), 3)]
    # A call has a price; the tokens, which were not reported, are an estimate.
    assert (response.model, response.usage.cost_micros, response.usage.estimated) == ("lab/cheap", 2_000, True)
    wanted = routing_pb2.GetExecutionRequest(request_id=response.request_id)
    past = (await routing_pb2_grpc.RoutingServiceStub(channel).GetExecution(wanted, timeout=WAIT)).execution
    assert (past.operation, past.usage) == (routing_pb2.OPERATION_RERANK, response.usage)


async def test_without_a_limit_all_documents_are_ranked(stub: Any) -> None:
    response = await stub.Rerank(request("1", "2"), timeout=WAIT)
    assert [each.index for each in response.results] == [1, 0]


WRONG: dict[str, Any] = {
    "too few": (Ranked(0, 1.0),),
    "twice": (Ranked(0, 1.0), Ranked(0, 1.0)),
    "no document": (Ranked(0, 1.0), Ranked(2, 1.0)),
    "below": (Ranked(0, 1.0), Ranked(-1, 1.0)),
    "a place": (Ranked(0, 1.0), Ranked(True, 1.0)),
    "not finite": (Ranked(0, 1.0), Ranked(1, float("nan"))),
    "a score": (Ranked(0, 1.0), Ranked(1, "high")),  # type: ignore[arg-type]  # on purpose
    "no results": (0, 1),
}


async def test_wrong_results_end_the_call_and_another_model_ranks(stub: Any, librarian: Librarian) -> None:
    for name, wrong in WRONG.items():
        librarian.wrong = wrong
        response = await stub.Rerank(request("1", "2"), timeout=WAIT)
        assert ([each.index for each in response.results], response.model) == ([1, 0], "lab/dear"), name
        failures = {each.error.reason for each in response.attempts if each.HasField("error")}
        assert failures <= {"PROVIDER_MALFORMED_RESPONSE"}, name


BAD = {
    "query": pb.RerankRequest(documents=["a"]),
    "documents": pb.RerankRequest(query="q"),
    "documents[1]": pb.RerankRequest(query="q", documents=["a", ""]),
    "top": pb.RerankRequest(query="q", documents=["a"], top=0),
    "preferences.weights": pb.RerankRequest(
        query="q", documents=["a"], preferences=routing_pb2.RoutingPreferences(cost_quality=1)
    ),
}


async def test_every_fault_of_a_request_is_named(stub: Any, librarian: Librarian) -> None:
    for field, bad in BAD.items():
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Rerank(bad, timeout=WAIT)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert str(caught.value.details()).startswith(f"{field}: ")
    assert librarian.asked == []


async def test_the_simulator_ranks_where_no_real_model_does(installed_app: Application) -> None:
    documents = ["the price of copper rose", "small cats sleep", "a small cat sleeps in the sun"]
    async with grpc.aio.insecure_channel(installed_app.address) as channel:
        sent = pb.RerankRequest(query="where does the small cat sleep", documents=documents, top=2)
        response = await inference_pb2_grpc.InferenceServiceStub(channel).Rerank(sent, timeout=WAIT)
    assert [each.index for each in response.results] == [2, 1]
    assert response.simulated
