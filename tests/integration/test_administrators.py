"""Who may do what concerns all callers: one rule for every such call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import pytest
from ymera.v1 import experiments_pb2, keys_pb2, keys_pb2_grpc, routing_pb2, routing_pb2_grpc, usage_pb2, usage_pb2_grpc
from ymera.v1.content_pb2 import ROLE_USER, Message, Part
from ymera.v1.ymera_pb2 import BenchmarkRequest, OwnSuite, OwnTask
from ymera.v1.ymera_pb2_grpc import YmeraServiceStub

from tests.integration.test_access import CHECKOUT, SEARCH, key
from ymera_service.access.keys import digest
from ymera_service.server import Application

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Lab
    from ymera_service.config import Settings

WAIT = 10
Metadata = tuple[tuple[str, str], ...]


def own_suite() -> BenchmarkRequest:
    message = Message(role=ROLE_USER, parts=[Part(text="word")])
    suite = OwnSuite(name="mine", category="general", tasks=[OwnTask(messages=[message], answers=["another"])])
    return BenchmarkRequest(models=["lab/parrot"], own_suite=suite)


async def outcomes(channel: grpc.aio.Channel, metadata: Metadata | None = None) -> dict[str, str]:
    """Returns how each call of administrators ends: the reason, and the message, of its refusal, or nothing."""
    keys, routing = keys_pb2_grpc.KeyServiceStub(channel), routing_pb2_grpc.RoutingServiceStub(channel)
    day: Any = {"start_time": {"seconds": 1_700_000_000}}
    more: Any = {"timeout": WAIT, "metadata": metadata}
    calls: dict[str, Any] = {
        "ListKeys": keys.ListKeys(keys_pb2.ListKeysRequest(), **more),
        "AddKey": keys.AddKey(keys_pb2.AddKeyRequest(), **more),
        "ResetBeliefs": routing.ResetBeliefs(routing_pb2.ResetBeliefsRequest(model="m"), **more),
        "ListExperiments": routing.ListExperiments(experiments_pb2.ListExperimentsRequest(), **more),
        "GetExperiment": routing.GetExperiment(experiments_pb2.GetExperimentRequest(name="none"), **more),
        "CompareBills": usage_pb2_grpc.UsageServiceStub(channel).CompareBills(
            usage_pb2.CompareBillsRequest(**day), **more
        ),
        "Benchmark": YmeraServiceStub(channel).Benchmark(own_suite(), **more).read(),
    }
    found = {}
    for name, call in calls.items():
        try:
            await call
        except grpc.aio.AioRpcError as error:
            denied = error.code() is grpc.StatusCode.PERMISSION_DENIED
            found[name] = (error.details() or "") if denied else ""
        else:
            found[name] = ""
    return found


async def test_an_open_server_that_others_can_reach_has_no_administrators(
    make_settings: Callable[..., Settings], lab: Lab
) -> None:
    async with (
        Application.start(make_settings(server={"address": "0.0.0.0:0"}), lab.found) as app,
        grpc.aio.insecure_channel(app.address.replace("0.0.0.0", "127.0.0.1")) as channel,
    ):
        found = await outcomes(channel)
    for name, problem in found.items():
        assert "not identified" in problem, name
        for setting in ("access.callers", "server.tls_client_ca", "server.address"):
            assert setting in problem
    assert lab.provider.calls == 0


async def test_whoever_reaches_a_server_that_others_can_not_reach_administers_it(channel: grpc.aio.Channel) -> None:
    assert not any((await outcomes(channel)).values())


@pytest.mark.parametrize(("caller", "may"), [(CHECKOUT, False), (SEARCH, True)], ids=["checkout", "search"])
async def test_where_callers_have_keys_only_those_of_administrators_may(
    make_settings: Callable[..., Settings], lab: Lab, caller: str, may: bool
) -> None:
    callers = [
        {"name": "checkout", "key_sha256": digest(CHECKOUT)},
        {"name": "search", "key_sha256": digest(SEARCH), "administrator": True},
    ]
    async with (
        Application.start(make_settings(access={"callers": callers}), lab.found) as app,
        grpc.aio.insecure_channel(app.address) as channel,
    ):
        for name, problem in (await outcomes(channel, key(caller))).items():
            assert problem == "" if may else "'checkout' may not" in problem, name
