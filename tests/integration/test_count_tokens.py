"""CountTokens: exact where the provider counts, else an estimate; free, and apart from what it is free beside."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from ymera.v1 import content_pb2, inference_pb2_grpc, routing_pb2, routing_pb2_grpc
from ymera.v1 import inference_pb2 as pb

from tests.integration.conftest import WAIT
from ymera_service.config import Settings
from ymera_service.plugins import FoundPlugin
from ymera_service.routing.prompts.estimate import prompt_tokens
from ymera_service.sdk.content import user
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import AuthenticationFailed, InvalidProviderRequest, ProviderError
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.hookspecs import hookimpl
from ymera_service.sdk.models import ModelInfo, Price
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.work import CountRequest, TokenCount
from ymera_service.server import Application

QUESTION = "What is the capital of France?"


class Counter(Provider):
    """Counts 42 tokens in any prompt with its model `exact`, nothing with `silent`, and what is set as `count`."""

    name = "lab"

    def __init__(self) -> None:
        self.count: ProviderError | Any = 42
        self.asked: list[CountRequest] = []

    async def models(self) -> Sequence[ModelInfo]:
        return [ModelInfo("exact", context_window=10, price=Price(1, 1, per_request=9))]

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        raise InvalidProviderRequest("it only counts")
        yield

    async def count_tokens(self, request: CountRequest, context: CallContext) -> TokenCount:
        self.asked.append(request)
        if isinstance(self.count, ProviderError):
            raise self.count
        return TokenCount(self.count)


class Silent(Counter):
    """Does not count."""

    name = "silent"
    count_tokens = Provider.count_tokens


@pytest.fixture
async def counter() -> Counter:
    return Counter()


@pytest.fixture
async def app(settings: Settings, counter: Counter) -> AsyncIterator[Application]:
    hooks = SimpleNamespace(
        ymera_register_providers=hookimpl(lambda: [counter, Silent()], specname="ymera_register_providers")
    )
    async with Application.start(settings, [FoundPlugin("lab", "lab", "1.0", lambda: hooks)]) as app:
        yield app


@pytest.fixture
def settings(make_settings: Any) -> Any:
    return make_settings()


@pytest.fixture
def stub(channel: grpc.aio.Channel) -> "inference_pb2_grpc.InferenceServiceAsyncStub":
    return inference_pb2_grpc.InferenceServiceStub(channel)


def request(model: str, text: str = QUESTION) -> pb.CountTokensRequest:
    message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text=text)])
    return pb.CountTokensRequest(model=model, prompt=content_pb2.Prompt(messages=[message]))


async def test_the_providers_count_is_returned(stub: Any, counter: Counter, channel: grpc.aio.Channel) -> None:
    response = await stub.CountTokens(request("lab/exact"), timeout=WAIT)
    assert (response.input_tokens, response.estimated, response.model) == (42, False, "lab/exact")
    assert counter.asked == [CountRequest("exact", Prompt((user(QUESTION),)))]
    wanted = routing_pb2.GetExecutionRequest(request_id=response.request_id)
    past = (await routing_pb2_grpc.RoutingServiceStub(channel).GetExecution(wanted, timeout=WAIT)).execution
    assert past.operation == routing_pb2.OPERATION_COUNT_TOKENS
    assert past.status == routing_pb2.EXECUTION_STATUS_COMPLETED
    assert (past.usage.input_tokens, past.usage.cost_micros, past.usage.estimated) == (0, 0, False)


async def test_a_prompt_that_fits_into_no_context_is_counted(stub: Any) -> None:
    response = await stub.CountTokens(request("lab/exact", "word " * 10_000), timeout=WAIT)
    assert (response.input_tokens, response.estimated) == (42, False)


ESTIMATE = prompt_tokens(Prompt((user(QUESTION),)))


async def test_without_a_count_there_is_an_estimate_that_says_so(stub: Any) -> None:
    response = await stub.CountTokens(request("silent/exact"), timeout=WAIT)
    assert (response.input_tokens, response.estimated, response.model) == (ESTIMATE, True, "silent/exact")
    assert [each.error.message for each in response.attempts] == ["silent does not count tokens"]


@pytest.mark.parametrize("count", [AuthenticationFailed("no"), -1, 1.5, None, True])
async def test_a_count_that_fails_or_is_none_is_estimated_and_harms_no_target(
    stub: Any, counter: Counter, channel: grpc.aio.Channel, count: Any
) -> None:
    counter.count = count
    for _ in range(8):  # enough to open a breaker
        response = await stub.CountTokens(request("lab/exact"), timeout=WAIT)
        assert (response.input_tokens, response.estimated) == (ESTIMATE, True)
        assert response.attempts
    counter.count = 7
    response = await stub.CountTokens(request("lab/exact"), timeout=WAIT)
    assert (response.input_tokens, response.estimated) == (7, False)
    wanted = routing_pb2.GetExecutionRequest(request_id=response.request_id)
    past = (await routing_pb2_grpc.RoutingServiceStub(channel).GetExecution(wanted, timeout=WAIT)).execution
    assert "failing" not in past.decision.explanation


def with_tool(model: str, provider: str) -> pb.CountTokensRequest:
    """A request whose prompt has a tool that only this provider has."""
    asked = request(model)
    tool = content_pb2.Tool(provider_tool=content_pb2.ProviderTool(provider=provider, name="file_search"))
    asked.prompt.tools.append(tool)
    return asked


@pytest.mark.parametrize("provider", ["lab", "silent"])
async def test_a_prompt_that_only_one_provider_can_take_is_counted_by_that_one(stub: Any, provider: str) -> None:
    response = await stub.CountTokens(with_tool("exact", provider), timeout=WAIT)
    assert response.model == f"{provider}/exact"


async def test_a_prompt_for_another_provider_than_that_of_the_model_is_not_counted(stub: Any, counter: Counter) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.CountTokens(with_tool("lab/exact", "silent"), timeout=WAIT)
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert counter.asked == []


async def test_model_and_prompt_are_required(stub: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.CountTokens(pb.CountTokensRequest(), timeout=WAIT)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "model" in str(caught.value.details())


async def test_a_model_that_is_not_on_offer_is_named_with_its_field(stub: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.CountTokens(request("lab/exakt"), timeout=WAIT)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert str(caught.value.details()).startswith("model: no model has the name 'lab/exakt'; did you mean lab/exact")


async def test_what_the_simulator_counts_is_what_it_charges(installed_app: Application) -> None:
    from ymera.v1 import ymera_pb2, ymera_pb2_grpc

    async with grpc.aio.insecure_channel(installed_app.address) as channel:
        asked = request("simulator/sim-small")
        executed = ymera_pb2.ExecuteRequest(
            prompt=asked.prompt, preferences=routing_pb2.RoutingPreferences(model=asked.model)
        )
        counted, answered = await asyncio.gather(
            inference_pb2_grpc.InferenceServiceStub(channel).CountTokens(asked, timeout=WAIT),
            ymera_pb2_grpc.YmeraServiceStub(channel).Execute(executed, timeout=WAIT),
        )
    assert counted.input_tokens == answered.usage.input_tokens
    assert not counted.estimated
