"""Callers whose spending is limited, over the network. A call of the parrot may cost 806 micro-USD, and costs 3."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from ymera.v1 import ymera_pb2, ymera_pb2_grpc

from tests.integration.test_access import SPENDING, ask, key, refusal
from ymera_service.access.keys import digest, new_key
from ymera_service.config import Settings
from ymera_service.plugins import FoundPlugin
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.events import Accepted, Finished, ProviderEvent, TextDelta, UsageReported
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Usage
from ymera_service.sdk.hookspecs import hookimpl
from ymera_service.sdk.models import ModelInfo, Price
from ymera_service.sdk.providers import Provider
from ymera_service.server import Application

if TYPE_CHECKING:
    from tests.integration.conftest import Lab

WAIT = 10
TRIAL = new_key()
MOST, COST = 806, 3
"""What a call of the parrot may cost, in micro-USD, and what it costs."""


def limited(make_settings: Callable[..., Settings], micros: int, period: str = "day") -> Settings:
    caller = {"name": "trial", "key_sha256": digest(TRIAL), f"spend_per_{period}": micros / 1_000_000}
    return make_settings(access={"callers": [caller]})


def parrot(channel: grpc.aio.Channel, model: str = "lab/parrot") -> Any:
    return ymera_pb2_grpc.YmeraServiceStub(channel).Execute(ask(model), metadata=key(TRIAL), timeout=WAIT)


@pytest.mark.parametrize("period", ["day", "month"])
async def test_a_caller_that_has_spent_its_limit_is_refused_also_by_a_server_that_starts_later(
    make_settings: Callable[..., Settings], lab: Lab, period: str
) -> None:
    settings = limited(make_settings, MOST + COST, period)
    for calls in (2, 0):
        async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
            for _ in range(calls):
                assert (await parrot(channel)).usage.cost_micros == COST
            status, info, retry, quota = await refusal(parrot(channel))
    assert (status, info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "CALLER_BUDGET_SPENT")
    assert info.metadata["caller"] == "trial"
    assert info.metadata[f"spend_per_{period}"] == "0.000809"
    assert 0 < retry.retry_delay.ToSeconds() <= 31 * 24 * 3600
    assert quota.violations[0].subject == "spending of the caller"
    assert lab.provider.calls == 2


async def test_a_call_that_is_cancelled_counts_by_what_it_may_have_cost_also_after_a_restart(
    make_settings: Callable[..., Settings], lab: Lab
) -> None:
    settings = limited(make_settings, 2 * MOST)
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        call = parrot(channel, "lab/hang")
        await lab.provider.reached.wait()
        call.cancel()
        # What the call may have cost is recorded, as its outcome is unknown.
        async with asyncio.timeout(WAIT):
            while (await _reason(parrot(channel))) == "":
                pass
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        assert await _reason(parrot(channel)) == "CALLER_BUDGET_SPENT"


async def _reason(call: Any) -> str:
    try:
        await call
    except grpc.aio.AioRpcError:
        return str((await refusal(call))[1].reason)
    return ""


async def test_calls_under_way_hold_what_they_may_cost(make_settings: Callable[..., Settings], lab: Lab) -> None:
    settings = limited(make_settings, 2 * MOST + 10)
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        slow = [asyncio.ensure_future(parrot(channel, "lab/patient")) for _ in range(2)]
        async with asyncio.timeout(WAIT):
            while lab.provider.calls < 2:  # noqa: ASYNC110  # the lab has no event for the second call
                await asyncio.sleep(0.01)
        status, info, retry, _ = await refusal(parrot(channel))
        assert (status, info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "CALLER_BUDGET_SPENT")
        assert retry.retry_delay.ToSeconds() == 1
        lab.provider.go_on.set()
        await asyncio.gather(*slow)
        assert (await parrot(channel)).usage.cost_micros == COST


async def test_what_was_reserved_for_a_call_that_fails_is_given_back(
    make_settings: Callable[..., Settings], lab: Lab
) -> None:
    settings = limited(make_settings, MOST)
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        for _ in range(5):
            assert await _first_reason(channel, "lab/down") == "PROVIDER_SERVER_ERROR"
        assert (await parrot(channel)).usage.cost_micros == COST


async def _first_reason(channel: grpc.aio.Channel, model: str) -> str:
    return str((await refusal(parrot(channel, model)))[1].reason)


async def test_callers_without_a_limit_are_not_held(make_settings: Callable[..., Settings], lab: Lab) -> None:
    other = new_key()
    callers = [
        {"name": "trial", "key_sha256": digest(TRIAL), "spend_per_day": 0.0001},
        {"name": "checkout", "key_sha256": digest(other)},
    ]
    settings = make_settings(access={"callers": callers})
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        for _ in range(3):
            assert (await stub.Execute(ask(), metadata=key(other), timeout=WAIT)).model == "lab/parrot"


async def test_a_key_with_a_limit_can_not_measure_models(make_settings: Callable[..., Settings], lab: Lab) -> None:
    settings = limited(make_settings, 1_000_000)
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        status, info, *_ = await refusal(SPENDING["Benchmark"](channel, "lab/parrot", key(TRIAL)))
    assert (status, info.reason) == (grpc.StatusCode.PERMISSION_DENIED, "MODEL_NOT_PERMITTED")
    assert lab.provider.calls == 0


class Priced(Provider):
    """Offers models of several prices, and says of one that it was served at other rates."""

    name = "lab"

    def __init__(self) -> None:
        self.called: list[str] = []

    async def models(self) -> list[ModelInfo]:
        prices = {
            "dear": Price(1_000_000, 100_000_000),
            "cheap": Price(1_000_000, 1_000_000),
            "odd": Price(10**6, 10**6),
        }
        return [ModelInfo("unpriced"), *(ModelInfo(name, price=price) for name, price in prices.items())]

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        self.called.append(request.model)
        yield Accepted()
        yield TextDelta("yes")
        usual = request.model != "odd"
        yield UsageReported(Usage(100, 100), usual_rates=usual, service_tier="" if usual else "priority")
        yield Finished(FinishReason.STOP)


@pytest.fixture
def priced() -> tuple[Priced, list[FoundPlugin]]:
    provider = Priced()
    hooks = SimpleNamespace(ymera_register_providers=hookimpl(lambda: [provider], specname="ymera_register_providers"))
    return provider, [FoundPlugin("lab", "lab", "1.0", lambda: hooks)]


async def execute(channel: grpc.aio.Channel, model: str, *fallbacks: str) -> ymera_pb2.ExecuteResponse:
    request = ymera_pb2.ExecuteRequest(prompt=ask().prompt)
    request.preferences.model = model
    request.preferences.fallback_models.extend(fallbacks)
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
    return await stub.Execute(request, metadata=key(TRIAL), timeout=WAIT)


async def test_a_model_whose_price_is_not_known_is_not_called(
    make_settings: Callable[..., Settings], priced: tuple[Priced, list[FoundPlugin]]
) -> None:
    provider, plugins = priced
    caller = {"name": "trial", "key_sha256": digest(TRIAL), "spend_per_day": 100}
    settings = make_settings(access={"callers": [caller]})
    async with Application.start(settings, plugins) as app, grpc.aio.insecure_channel(app.address) as channel:
        status, info, *_ = await refusal(execute(channel, "lab/unpriced"))
        assert (status, info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NO_ELIGIBLE_MODEL")
        assert dict(info.metadata) == {"price_unknown": "1", "not_allowed": "3", "spend_per_day": "100"}
        assert (await execute(channel, "lab/unpriced", "lab/cheap")).model == "lab/cheap"
    assert provider.called == ["cheap"]


async def test_a_limit_below_what_any_call_may_cost_is_named_as_the_reason(
    make_settings: Callable[..., Settings], lab: Lab
) -> None:
    settings = limited(make_settings, MOST - 1)
    async with Application.start(settings, lab.found) as app, grpc.aio.insecure_channel(app.address) as channel:
        status, info, *_ = await refusal(parrot(channel))
        assert (status, info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NO_ELIGIBLE_MODEL")
        assert info.metadata["spend_per_day"] == "0.000805"
        request = ask("lab/parrot")
        request.preferences.max_cost_micros = 10  # the request's own limit is lower, and no one's but its own
        stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
        _, info, *_ = await refusal(stub.Execute(request, metadata=key(TRIAL), timeout=WAIT))
        assert (info.metadata["too_expensive"], "spend_per_day" in info.metadata) == ("1", False)
    assert lab.provider.calls == 0


async def test_a_cheaper_model_is_called_where_the_first_costs_more_than_is_left(
    make_settings: Callable[..., Settings], priced: tuple[Priced, list[FoundPlugin]]
) -> None:
    provider, plugins = priced
    caller = {"name": "trial", "key_sha256": digest(TRIAL), "spend_per_day": 0.045}
    settings = make_settings(access={"callers": [caller]})
    async with Application.start(settings, plugins) as app, grpc.aio.insecure_channel(app.address) as channel:
        made = [(await execute(channel, "lab/dear", "lab/cheap")).model for _ in range(3)]
    assert made == ["lab/dear", "lab/cheap", "lab/cheap"]
    assert provider.called == ["dear", "cheap", "cheap"]


async def test_a_cost_that_is_not_known_counts_for_more_than_the_list_price(
    make_settings: Callable[..., Settings], priced: tuple[Priced, list[FoundPlugin]]
) -> None:
    _, plugins = priced
    # Each call consumes 200 tokens at 1 micro-USD, may consume some 406, and is counted as 400.
    caller = {"name": "trial", "key_sha256": digest(TRIAL), "spend_per_day": 0.0009}
    settings = make_settings(access={"callers": [caller]})
    for calls in (2, 0):
        async with Application.start(settings, plugins) as app, grpc.aio.insecure_channel(app.address) as channel:
            for _ in range(calls):
                assert not (await execute(channel, "lab/odd")).usage.HasField("cost_micros")
            assert (await refusal(execute(channel, "lab/odd")))[1].reason == "CALLER_BUDGET_SPENT"
