"""Moderate: verdicts in order, by one model; common categories beside the vendor's own."""

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
from ymera_service.sdk.generation import GenerateRequest, Usage
from ymera_service.sdk.hookspecs import hookimpl
from ymera_service.sdk.models import Kind, ModelInfo, Price
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.work import Finding, Harm, ModerateRequest, Moderations, Verdict
from ymera_service.server import Application


class Judge(Provider):
    """Flags texts that say so; `wrong` replaces the verdicts of its cheap model."""

    name = "lab"
    wrong: Any = None

    async def models(self) -> Sequence[ModelInfo]:
        prices = {"cheap": Price(0, 0), "dear": Price(1_000_000, 0)}
        return [ModelInfo(name, price=price, kind=Kind.MODERATE, max_batch_inputs=2) for name, price in prices.items()]

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        raise InvalidProviderRequest("it only judges")
        yield

    async def moderate(self, request: ModerateRequest, context: CallContext) -> Moderations:
        if self.wrong is not None and request.model == "cheap":
            return Moderations(self.wrong)
        verdicts = [
            Verdict("bad" in text, (Finding(Harm.HATE, f"{request.model}/hate", "bad" in text, 0.5),))
            for text in request.inputs
        ]
        return Moderations(tuple(verdicts), usage=Usage(len(request.inputs)))


@pytest.fixture
async def judge() -> Judge:
    return Judge()


@pytest.fixture
async def app(settings: Settings, judge: Judge) -> AsyncIterator[Application]:
    hooks = SimpleNamespace(ymera_register_providers=hookimpl(lambda: [judge], specname="ymera_register_providers"))
    async with Application.start(settings, [FoundPlugin("lab", "lab", "1.0", lambda: hooks)]) as app:
        yield app


@pytest.fixture
def settings(make_settings: Any) -> Any:
    return make_settings()


@pytest.fixture
def stub(channel: grpc.aio.Channel) -> "inference_pb2_grpc.InferenceServiceAsyncStub":
    return inference_pb2_grpc.InferenceServiceStub(channel)


async def test_each_text_gets_its_verdict(stub: Any, channel: grpc.aio.Channel) -> None:
    sent = pb.ModerateRequest(inputs=["good", "bad", "fine", "bad too", "well"])
    response = await stub.Moderate(sent, timeout=WAIT)
    assert [each.flagged for each in response.verdicts] == [False, True, False, True, False]
    (finding,) = response.verdicts[1].findings
    assert (finding.harm, finding.name, finding.flagged, finding.score) == (pb.HARM_HATE, "cheap/hate", True, 0.5)
    assert (response.model, response.usage.input_tokens, response.usage.cost_micros) == ("lab/cheap", 5, 0)
    assert [each.turn for each in response.attempts] == [1, 2, 3]
    wanted = routing_pb2.GetExecutionRequest(request_id=response.request_id)
    past = (await routing_pb2_grpc.RoutingServiceStub(channel).GetExecution(wanted, timeout=WAIT)).execution
    assert past.operation == routing_pb2.OPERATION_MODERATION


WRONG: dict[str, Any] = {
    "too few": (Verdict(False),),
    "no verdicts": (False, True),
    "no truth": (Verdict("no"), Verdict(True)),  # type: ignore[arg-type]  # on purpose
    "no findings": (Verdict(False, ("hate",)), Verdict(True)),  # type: ignore[arg-type]  # on purpose
    "a score": (Verdict(False, (Finding(Harm.HATE, "hate", False, 7.0),)), Verdict(True)),
    "a name": (Verdict(False, (Finding(Harm.HATE, "x" * 1000, False),)), Verdict(True)),
    "a surrogate": (Verdict(False, (Finding(Harm.HATE, "\ud800", False),)), Verdict(True)),
    "too many": (Verdict(False, (Finding(Harm.HATE, "hate", False),) * 65), Verdict(True)),
}


async def test_wrong_verdicts_end_the_call_and_another_model_judges(stub: Any, judge: Judge) -> None:
    for name, wrong in WRONG.items():
        judge.wrong = wrong
        response = await stub.Moderate(pb.ModerateRequest(inputs=["bad", "good"]), timeout=WAIT)
        assert [each.flagged for each in response.verdicts] == [True, False], name
        assert response.model == "lab/dear", name
        failures = [each.error.reason for each in response.attempts if each.HasField("error")]
        assert set(failures) <= {"PROVIDER_MALFORMED_RESPONSE"}, name


async def test_texts_are_required(stub: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Moderate(pb.ModerateRequest(inputs=["ok", ""]), timeout=WAIT)
    assert "inputs[1]" in str(caught.value.details())


async def test_the_simulator_judges_where_no_real_model_does(installed_app: Application) -> None:
    async with grpc.aio.insecure_channel(installed_app.address) as channel:
        sent = pb.ModerateRequest(inputs=["I will kill you", "A cat sat on the mat"])
        response = await inference_pb2_grpc.InferenceServiceStub(channel).Moderate(sent, timeout=WAIT)
    assert [each.flagged for each in response.verdicts] == [True, False]
    assert [each.name for each in response.verdicts[0].findings if each.flagged] == ["sim/violence"]
    assert response.simulated
