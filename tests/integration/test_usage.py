"""Reports of usage, asked for over the network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]  # ships no py.typed
from ymera.v1 import content_pb2, routing_pb2, usage_pb2, usage_pb2_grpc, ymera_pb2, ymera_pb2_grpc

from ymera_service.access.keys import digest, new_key
from ymera_service.config import Settings
from ymera_service.server import Application

if TYPE_CHECKING:
    from tests.integration.conftest import Lab

WAIT = 10
MODEL, AGENT, DAY = (
    usage_pb2.USAGE_DIMENSION_MODEL,
    usage_pb2.USAGE_DIMENSION_AGENT,
    usage_pb2.USAGE_DIMENSION_DAY,
)


@pytest.fixture
def usage_stub(channel: grpc.aio.Channel) -> usage_pb2_grpc.UsageServiceAsyncStub:
    return usage_pb2_grpc.UsageServiceStub(channel)


def ask(model: str = "lab/parrot", **attribution: Any) -> ymera_pb2.ExecuteRequest:
    message = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="hello")])
    return ymera_pb2.ExecuteRequest(
        prompt=content_pb2.Prompt(messages=[message]),
        preferences=routing_pb2.RoutingPreferences(allow_models=[model]),
        attribution=routing_pb2.Attribution(**attribution),
    )


async def violations(call: Any) -> list[str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    status = status_pb2.Status.FromString(dict(caught.value.trailing_metadata() or ())["grpc-status-details-bin"])
    found = error_details_pb2.BadRequest()
    assert any(detail.Unpack(found) for detail in status.details)
    return [violation.field for violation in found.field_violations]


async def test_what_was_consumed_is_reported_at_once_and_adds_up(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, usage_stub: usage_pb2_grpc.UsageServiceAsyncStub
) -> None:
    answers = [
        await stub.Execute(ask(agent_name=agent, labels={"team": team}), timeout=WAIT)
        for agent, team in (("writer", "a"), ("writer", "b"), ("critic", "a"))
    ]
    with pytest.raises(grpc.aio.AioRpcError):
        await stub.Execute(ask("lab/down"), timeout=WAIT)
    request = usage_pb2.QueryUsageRequest(group_by=[MODEL, DAY])
    report = await usage_stub.QueryUsage(request, timeout=WAIT)
    by_model = {group.model: group for group in report.groups}
    parrot = by_model["lab/parrot"]
    assert (parrot.requests, parrot.attempts) == (3, 3)
    assert parrot.usage.cost_micros == sum(answer.usage.cost_micros for answer in answers)
    assert parrot.usage.output_tokens == sum(answer.usage.output_tokens for answer in answers)
    assert parrot.start_time.ToDatetime(UTC) == datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    assert by_model["lab/down"].requests == 1
    assert by_model["lab/down"].attempts >= 1
    assert report.total.requests == 4

    request = usage_pb2.QueryUsageRequest(group_by=[AGENT], group_by_labels=["team"])
    report = await usage_stub.QueryUsage(request, timeout=WAIT)
    counts = {(group.agent_name, group.labels.get("team")): group.requests for group in report.groups}
    assert counts == {("writer", "a"): 1, ("writer", "b"): 1, ("critic", "a"): 1, ("", None): 1}

    wanted = usage_pb2.UsageFilter(labels={"team": "a"}, agent_name="writer")
    report = await usage_stub.QueryUsage(usage_pb2.QueryUsageRequest(filter=wanted), timeout=WAIT)
    assert [group.requests for group in report.groups] == [1]
    wanted = usage_pb2.UsageFilter(model="lab/none")
    report = await usage_stub.QueryUsage(usage_pb2.QueryUsageRequest(filter=wanted), timeout=WAIT)
    assert (list(report.groups), report.total.requests) == ([], 0)


async def test_pages_hold_every_group_once(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub, usage_stub: usage_pb2_grpc.UsageServiceAsyncStub
) -> None:
    for number in range(5):
        await stub.Execute(ask(agent_name=f"agent-{number}"), timeout=WAIT)
    request = usage_pb2.QueryUsageRequest(group_by=[AGENT], page_size=2)
    found = []
    while True:
        page = await usage_stub.QueryUsage(request, timeout=WAIT)
        found += [group.agent_name for group in page.groups]
        assert page.total.requests == 5
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert sorted(found) == [f"agent-{number}" for number in range(5)]
    request.group_by.append(MODEL)
    assert await violations(usage_stub.QueryUsage(request, timeout=WAIT)) == ["page_token"]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"group_by": [0]}, "group_by[0]"),
        ({"group_by": [MODEL, 99]}, "group_by[1]"),
        ({"group_by": [MODEL] * 9}, "group_by"),
        ({"group_by_labels": ["team"] * 17}, "group_by_labels"),
        ({"group_by_labels": ["a b"]}, "group_by_labels"),
        ({"page_size": -1}, "page_size"),
        ({"page_token": "nonsense"}, "page_token"),
        ({"filter": {"labels": {"": "x"}}}, "filter.labels"),
        ({"filter": {"operation": "x" * 200}}, "filter.operation"),
        ({"start_time": datetime.now(UTC) + timedelta(days=1)}, "end_time"),
    ],
)
async def test_a_bad_request_is_refused_with_the_field(
    usage_stub: usage_pb2_grpc.UsageServiceAsyncStub, bad: dict[str, Any], field: str
) -> None:
    assert await violations(usage_stub.QueryUsage(usage_pb2.QueryUsageRequest(**bad), timeout=WAIT)) == [field]


async def test_a_caller_sees_its_own_usage_alone(make_settings: Callable[..., Settings], lab: Lab) -> None:
    keys = {"checkout": new_key(), "search": new_key()}
    callers = [{"name": name, "key_sha256": digest(key)} for name, key in keys.items()]
    async with (
        Application.start(make_settings(access={"callers": callers}), lab.found) as app,
        grpc.aio.insecure_channel(app.address) as channel,
    ):
        for name, times in (("checkout", 2), ("search", 1)):
            metadata = (("authorization", f"Bearer {keys[name]}"),)
            for _ in range(times):
                await ymera_pb2_grpc.YmeraServiceStub(channel).Execute(ask(), metadata=metadata, timeout=WAIT)
            for wanted in ("", "checkout", "search"):
                request = usage_pb2.QueryUsageRequest(filter=usage_pb2.UsageFilter(caller=wanted))
                stub = usage_pb2_grpc.UsageServiceStub(channel)
                report = await stub.QueryUsage(request, metadata=metadata, timeout=WAIT)
                assert report.total.requests == times
