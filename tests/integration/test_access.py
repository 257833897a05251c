"""Who may call a server, and see what."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import grpc
import pytest
import structlog
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]  # ships no py.typed
from grpc_health.v1 import health_pb2, health_pb2_grpc
from ymera.v1 import (
    content_pb2,
    inference_pb2,
    inference_pb2_grpc,
    routing_pb2,
    routing_pb2_grpc,
    ymera_pb2,
    ymera_pb2_grpc,
)

from ymera_service.access.keys import digest, new_key
from ymera_service.config import ConfigError, Settings
from ymera_service.plugins import FoundPlugin
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.events import ProviderEvent
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.hookspecs import hookimpl
from ymera_service.sdk.models import Kind, ModelInfo
from ymera_service.sdk.providers import Provider
from ymera_service.server import Application

if TYPE_CHECKING:
    from tests.integration.conftest import Lab

WAIT = 10
CHECKOUT, SEARCH = new_key(), new_key()


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    """A server that knows two callers."""
    keys = {"checkout": CHECKOUT, "search": SEARCH}
    return make_settings(access={"callers": [{"name": name, "key_sha256": digest(key)} for name, key in keys.items()]})


def key(value: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {value}"),)


def ask(model: str = "lab/parrot") -> ymera_pb2.ExecuteRequest:
    message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="hello")])
    return ymera_pb2.ExecuteRequest(
        prompt=content_pb2.Prompt(messages=[message]),
        preferences=routing_pb2.RoutingPreferences(allow_models=[model]),
    )


async def reason(call: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    status = status_pb2.Status.FromString(dict(caught.value.trailing_metadata() or ())["grpc-status-details-bin"])
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return caught.value.code(), info.reason


@pytest.mark.parametrize("metadata", [(), key("ymera_wrong"), key(""), (("authorization", CHECKOUT),)])
async def test_a_call_without_a_known_key_is_refused_before_it_costs_anything(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, lab: Lab, metadata: tuple[tuple[str, str], ...]
) -> None:
    refused = (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
    assert await reason(stub.Execute(ask(), metadata=metadata, timeout=WAIT)) == refused
    assert await reason(stub.Health(ymera_pb2.HealthRequest(), metadata=metadata, timeout=WAIT)) == refused
    request = ymera_pb2.ExecuteStreamRequest(prompt=ask().prompt)
    assert await reason(stub.ExecuteStream(request, metadata=metadata, timeout=WAIT).read()) == refused
    assert lab.provider.calls == 0


async def test_the_provider_learns_the_callers_name(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, lab: Lab) -> None:
    assert (await stub.Execute(ask(), metadata=key(CHECKOUT), timeout=WAIT)).model == "lab/parrot"
    assert lab.provider.caller == "checkout"


async def test_an_execution_is_shown_to_its_own_caller_alone(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub
) -> None:
    answer = await stub.Execute(ask(), metadata=key(CHECKOUT), timeout=WAIT)
    request = routing_pb2.GetExecutionRequest(request_id=answer.request_id)
    found = await routing_stub.GetExecution(request, metadata=key(CHECKOUT), timeout=WAIT)
    assert found.execution.request_id == answer.request_id
    hidden = await reason(routing_stub.GetExecution(request, metadata=key(SEARCH), timeout=WAIT))
    assert hidden == (grpc.StatusCode.NOT_FOUND, "EXECUTION_NOT_FOUND")


async def test_executions_are_listed_for_their_own_caller_alone(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub
) -> None:
    who = routing_pb2.Attribution(labels={"team": "blue"})
    asked = ask()
    asked.attribution.CopyFrom(who)
    made = [await stub.Execute(asked, metadata=key(CHECKOUT), timeout=WAIT) for _ in range(2)]
    await stub.Execute(asked, metadata=key(SEARCH), timeout=WAIT)
    for labels in ({}, {"team": "blue"}):
        wanted = routing_pb2.ListExecutionsRequest(filter=routing_pb2.ExecutionFilter(labels=labels))
        mine = await routing_stub.ListExecutions(wanted, metadata=key(CHECKOUT), timeout=WAIT)
        assert {found.request_id for found in mine.executions} == {answer.request_id for answer in made}


async def test_a_repeat_gets_the_outcome_only_if_its_caller_is_the_same(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, lab: Lab
) -> None:
    asked = ask()
    asked.idempotency_key = "order-7"
    first = await stub.Execute(asked, metadata=key(CHECKOUT), timeout=WAIT)
    again = await stub.Execute(asked, metadata=key(CHECKOUT), timeout=WAIT)
    other = await stub.Execute(asked, metadata=key(SEARCH), timeout=WAIT)
    assert again.request_id == first.request_id != other.request_id
    assert lab.provider.calls == 2


async def test_load_balancers_need_no_key(channel: grpc.aio.Channel) -> None:
    health: Any = health_pb2_grpc.HealthStub(channel)
    found = await health.Check(health_pb2.HealthCheckRequest(), timeout=WAIT)
    assert found.status == health_pb2.HealthCheckResponse.SERVING


def open_to_all(make_settings: Callable[..., Settings], **more: Any) -> Settings:
    server = {"address": "0.0.0.0:0", **more.pop("server", {})}
    return make_settings(server=server, **more)


async def test_a_server_that_others_reach_warns_of_what_is_not_secure(
    make_settings: Callable[..., Settings], lab: Lab
) -> None:
    with structlog.testing.capture_logs() as lines:
        async with Application.start(open_to_all(make_settings), lab.found):
            pass
    [warning] = [line for line in lines if line["event"] == "not secure"]
    assert warning["log_level"] == "warning"
    assert "not encrypted" in warning["problem"]
    assert "spend your money" in warning["problem"]


@pytest.mark.parametrize("address", ["127.0.0.1:0", "[::1]:0", "localhost:0", "127.1.2.3:0"])
async def test_a_server_on_this_machine_does_not_warn(
    make_settings: Callable[..., Settings], lab: Lab, address: str
) -> None:
    production = make_settings(server={"address": address}).model_copy(update={"environment": "production"})
    with structlog.testing.capture_logs() as lines:
        async with Application.start(production, lab.found):
            pass
    assert "not secure" not in [line["event"] for line in lines]


async def test_in_production_it_does_not_start_unless_that_is_intended(
    make_settings: Callable[..., Settings], lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YMERA_ENVIRONMENT", "production")
    with pytest.raises(ConfigError) as caught:
        async with Application.start(open_to_all(make_settings), lab.found):
            pass
    assert [fault.where for fault in caught.value.faults] == ["server.insecure"]
    async with Application.start(open_to_all(make_settings, server={"insecure": True}), lab.found):
        pass


async def test_keys_alone_do_not_make_an_unencrypted_server_secure(
    make_settings: Callable[..., Settings], settings: Settings, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YMERA_ENVIRONMENT", "production")
    exposed = open_to_all(make_settings, access={"callers": [one.model_dump() for one in settings.access.callers]})
    with pytest.raises(ConfigError) as caught:
        async with Application.start(exposed, lab.found):
            pass
    [fault] = caught.value.faults
    assert "not encrypted" in fault.problem
    assert "spend your money" not in fault.problem


TRIAL = new_key()


@pytest.fixture
def limited(make_settings: Callable[..., Settings]) -> Settings:
    """A server with a caller that has no limits, and one with them."""
    open_to_it = {"name": "checkout", "key_sha256": digest(CHECKOUT)}
    limits = {"allow_models": ["lab/parrot", "lab/every*"], "requests_per_minute": 2}
    return make_settings(access={"callers": [open_to_it, {"name": "trial", "key_sha256": digest(TRIAL)} | limits]})


@pytest.fixture
async def limited_channel(limited: Settings, lab: Lab) -> AsyncIterator[grpc.aio.Channel]:
    async with Application.start(limited, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        yield channel


PROMPT = ask().prompt
SPENDING: dict[str, Callable[[grpc.aio.Channel, str, tuple[tuple[str, str], ...]], Any]] = {
    "Execute": lambda channel, model, who: ymera_pb2_grpc.YmeraServiceStub(channel).Execute(
        ask(model), metadata=who, timeout=WAIT
    ),
    "ExecuteStream": lambda channel, model, who: drained(
        ymera_pb2_grpc.YmeraServiceStub(channel).ExecuteStream(
            ymera_pb2.ExecuteStreamRequest(prompt=PROMPT, preferences=ask(model).preferences),
            metadata=who,
            timeout=WAIT,
        )
    ),
    "Benchmark": lambda channel, model, who: drained(
        ymera_pb2_grpc.YmeraServiceStub(channel).Benchmark(
            ymera_pb2.BenchmarkRequest(models=[model], tasks_per_category=1), metadata=who, timeout=WAIT
        )
    ),
    "CountTokens": lambda channel, model, who: inference_pb2_grpc.InferenceServiceStub(channel).CountTokens(
        inference_pb2.CountTokensRequest(prompt=PROMPT, model=model), metadata=who, timeout=WAIT
    ),
    "Embed": lambda channel, model, who: inference_pb2_grpc.InferenceServiceStub(channel).Embed(
        inference_pb2.EmbedRequest(inputs=["a"]), metadata=who, timeout=WAIT
    ),
    "Moderate": lambda channel, model, who: inference_pb2_grpc.InferenceServiceStub(channel).Moderate(
        inference_pb2.ModerateRequest(inputs=["a"]), metadata=who, timeout=WAIT
    ),
    "Rerank": lambda channel, model, who: inference_pb2_grpc.InferenceServiceStub(channel).Rerank(
        inference_pb2.RerankRequest(query="a", documents=["b"]), metadata=who, timeout=WAIT
    ),
}
"""Sends a request of each method that may call models, for one model where it can name one that the lab has."""


async def drained(call: Any) -> list[Any]:
    return [event async for event in call]


@pytest.mark.parametrize("method", SPENDING)
async def test_every_method_that_calls_models_counts_for_the_limit_of_its_caller(
    limited_channel: grpc.aio.Channel, method: str
) -> None:
    send = SPENDING[method]
    for _ in range(2):  # the lab has no models that embed, judge or rank: also a request that finds none counts
        with suppress(grpc.aio.AioRpcError):
            await send(limited_channel, "lab/parrot", key(TRIAL))
    for other in SPENDING.values():
        status, info, retry, quota = await refusal(other(limited_channel, "lab/parrot", key(TRIAL)))
        assert (status, info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "CALLER_RATE_LIMITED")
        assert dict(info.metadata) == {"caller": "trial", "requests_per_minute": "2"}
        assert 0 < retry.retry_delay.ToMilliseconds() <= 30_000
        assert quota.violations[0].subject == "requests of the caller per minute"


async def test_a_limit_holds_for_its_caller_alone_and_for_no_method_that_is_free(
    limited_channel: grpc.aio.Channel, lab: Lab
) -> None:
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(limited_channel)
    invalid = ymera_pb2.ExecuteRequest(preferences=ask().preferences)
    for _ in range(3):
        assert (await reason(stub.Execute(invalid, metadata=key(TRIAL), timeout=WAIT)))[1] == "INVALID_REQUEST"
        await stub.Health(ymera_pb2.HealthRequest(), metadata=key(TRIAL), timeout=WAIT)
        await stub.Route(ymera_pb2.RouteRequest(prompt=PROMPT), metadata=key(TRIAL), timeout=WAIT)
    for _ in range(2):
        assert (await stub.Execute(ask(), metadata=key(TRIAL), timeout=WAIT)).model == "lab/parrot"
    assert (await reason(stub.Execute(ask(), metadata=key(TRIAL), timeout=WAIT)))[1] == "CALLER_RATE_LIMITED"
    await stub.Health(ymera_pb2.HealthRequest(), metadata=key(TRIAL), timeout=WAIT)
    await stub.Route(ymera_pb2.RouteRequest(prompt=PROMPT), metadata=key(TRIAL), timeout=WAIT)
    for _ in range(3):
        assert (await stub.Execute(ask(), metadata=key(CHECKOUT), timeout=WAIT)).model == "lab/parrot"
    assert lab.provider.calls == 5


@pytest.mark.parametrize("method", ["Execute", "ExecuteStream", "Benchmark", "CountTokens"])
async def test_a_caller_is_refused_a_model_that_its_key_is_not_for(
    limited_channel: grpc.aio.Channel, lab: Lab, method: str
) -> None:
    status, info, *_ = await refusal(SPENDING[method](limited_channel, "lab/patient", key(TRIAL)))
    assert (status, info.reason) == (grpc.StatusCode.PERMISSION_DENIED, "MODEL_NOT_PERMITTED")
    assert dict(info.metadata) == {"model": "lab/patient"}
    assert lab.provider.calls == 0


@pytest.mark.parametrize("method", ["Embed", "Moderate", "Rerank"])
async def test_work_is_done_only_by_models_that_the_key_is_for(
    make_settings: Callable[..., Settings], method: str
) -> None:
    worker = Worker()
    hooks = SimpleNamespace(ymera_register_providers=hookimpl(lambda: [worker], specname="ymera_register_providers"))
    limits = {"name": "trial", "key_sha256": digest(TRIAL), "allow_models": ["lab/other"]}
    settings = make_settings(access={"callers": [limits]})
    plugins = [FoundPlugin("lab", "lab", "1.0", lambda: hooks)]
    async with Application.start(settings, plugins) as app, grpc.aio.insecure_channel(app.address) as channel:
        status, info, *_ = await refusal(SPENDING[method](channel, "", key(TRIAL)))
    assert (status, info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NO_ELIGIBLE_MODEL")
    assert dict(info.metadata) == {"not_permitted": "1"}


class Worker(Provider):
    """Offers a model for each kind of work, and calls none."""

    name = "lab"

    async def models(self) -> list[ModelInfo]:
        return [ModelInfo(kind.value, kind=kind) for kind in Kind]

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        raise AssertionError
        yield


async def test_a_decision_says_what_the_key_excludes_and_can_be_computed_again(
    limited_channel: grpc.aio.Channel, lab: Lab
) -> None:
    answer = await ymera_pb2_grpc.YmeraServiceStub(limited_channel).Execute(
        ymera_pb2.ExecuteRequest(prompt=PROMPT), metadata=key(TRIAL), timeout=WAIT
    )
    assert {each.model for each in answer.decision.candidates} == {"lab/parrot", "lab/everything"}
    [excluded] = answer.decision.exclusions
    assert excluded.reason == routing_pb2.EXCLUSION_REASON_NOT_PERMITTED
    assert excluded.count == len(lab.provider.scripts) - 2
    request = routing_pb2.GetExecutionRequest(
        request_id=answer.request_id, decision_view=routing_pb2.DECISION_VIEW_FULL
    )
    stub: routing_pb2_grpc.RoutingServiceAsyncStub = routing_pb2_grpc.RoutingServiceStub(limited_channel)
    past = await stub.GetExecution(request, metadata=key(TRIAL), timeout=WAIT)
    recomputed = past.recomputed_decision
    assert {each.model for each in recomputed.candidates} == {"lab/parrot", "lab/everything"}
    assert len(recomputed.excluded_targets) == excluded.count


async def refusal(call: Any) -> tuple[grpc.StatusCode, Any, Any, Any]:
    """Returns the status of a call that is refused, and what its details say of the reason, the wait and the quota."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    status = status_pb2.Status.FromString(dict(caught.value.trailing_metadata() or ())["grpc-status-details-bin"])
    found = (error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo(), error_details_pb2.QuotaFailure())
    for detail in status.details:
        for each in found:
            detail.Unpack(each)
    return caught.value.code(), *found
