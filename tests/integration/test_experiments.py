"""Experiments from the configuration to their results, on a server; and what is configured for agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import pytest
import structlog
from ymera.v1 import feedback_pb2_grpc, routing_pb2_grpc, usage_pb2_grpc, ymera_pb2_grpc
from ymera.v1.content_pb2 import ROLE_USER, Message, Part, Prompt
from ymera.v1.experiments_pb2 import (
    EXPERIMENT_UNIT_SESSION,
    GetExperimentRequest,
    GetExperimentResponse,
    ListExperimentsRequest,
)
from ymera.v1.feedback_pb2 import FeedbackRequest
from ymera.v1.routing_pb2 import (
    Attribution,
    ExecutionFilter,
    GetExecutionRequest,
    ListExecutionsRequest,
    RoutingPreferences,
)
from ymera.v1.usage_pb2 import QueryUsageRequest
from ymera.v1.ymera_pb2 import ExecuteRequest, ExecuteResponse, HealthRequest, RouteRequest

from tests.integration.test_access import reason
from ymera_service.config import ConfigError, Settings
from ymera_service.server import Application

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Lab

WAIT = 10
LABEL = "ymera/experiment/parrots"
PARROTS = {
    "unit": "session",
    "arms": {"control": {"share": 0.5, "model": "lab/parrot"}, "other": {"share": 0.5, "model": "lab/everything"}},
}
PROMPT = Prompt(messages=[Message(role=ROLE_USER, parts=[Part(text="hello")])])


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    return make_settings(
        experiments={"parrots": PARROTS, "ended": PARROTS | {"active": False}},
        agents={"support": {"model": "lab/parrot"}},
    )


@pytest.fixture
def feedback(channel: grpc.aio.Channel) -> feedback_pb2_grpc.FeedbackServiceAsyncStub:
    return feedback_pb2_grpc.FeedbackServiceStub(channel)


def asked(session: str = "", **preferences: Any) -> ExecuteRequest:
    return ExecuteRequest(prompt=PROMPT, preferences=RoutingPreferences(session_id=session, **preferences))


async def executed(stub: ymera_pb2_grpc.YmeraServiceAsyncStub, count: int) -> list[ExecuteResponse]:
    """Executes two requests in each of this many sessions."""
    return [await stub.Execute(asked(f"s-{number // 2}"), timeout=WAIT) for number in range(2 * count)]


async def shown(stub: routing_pb2_grpc.RoutingServiceAsyncStub) -> GetExperimentResponse:
    return await stub.GetExperiment(GetExperimentRequest(name="parrots"), timeout=WAIT)


async def test_a_session_keeps_its_arm_which_is_in_decision_record_label_and_usage(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub,
    routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub,
    channel: grpc.aio.Channel,
) -> None:
    answers = await executed(stub, 8)
    arms = [answer.decision.experiment_arm for answer in answers]
    assert arms[::2] == arms[1::2]
    assert set(arms) == {"control", "other"}
    for answer, arm in zip(answers, arms, strict=True):
        assert answer.model == {"control": "lab/parrot", "other": "lab/everything"}[arm]
        assert answer.decision.experiment == "parrots"
        assert answer.decision.propensity == 1.0
        assert answer.decision.explanation.endswith(f"; arm {arm} of the experiment parrots")
    past = await routing_stub.GetExecution(GetExecutionRequest(request_id=answers[0].request_id), timeout=WAIT)
    assert past.execution.decision.experiment_arm == arms[0]
    assert past.execution.attribution.labels == {LABEL: arms[0]}
    wanted = ListExecutionsRequest(filter=ExecutionFilter(labels={LABEL: "other"}))
    listed = await routing_stub.ListExecutions(wanted, timeout=WAIT)
    assert len(listed.executions) == arms.count("other")
    usage = await usage_pb2_grpc.UsageServiceStub(channel).QueryUsage(QueryUsageRequest(group_by_labels=[LABEL]))
    assert {group.labels[LABEL]: group.requests for group in usage.groups} == {
        "control": arms.count("control"),
        "other": arms.count("other"),
    }


async def test_results_are_by_arm_and_differences_wait_for_enough_units(
    stub: ymera_pb2_grpc.YmeraServiceAsyncStub,
    routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub,
    feedback: feedback_pb2_grpc.FeedbackServiceAsyncStub,
) -> None:
    answers = await executed(stub, 10)
    for answer in answers:
        rating = 1.0 if answer.decision.experiment_arm == "other" else 0.5
        await feedback.Feedback(FeedbackRequest(request_id=answer.request_id, rating=rating), timeout=WAIT)
    await stub.Route(RouteRequest(prompt=PROMPT, preferences=RoutingPreferences(session_id="s-0")), timeout=WAIT)
    await stub.Execute(asked("s-0", model="lab/parrot"), timeout=WAIT)
    found = await shown(routing_stub)
    assert found.experiment.unit == EXPERIMENT_UNIT_SESSION
    control, other = found.results
    assert (control.arm, other.arm) == ("control", "other")
    assert control.units + other.units == 10
    assert control.requests + other.requests == 20
    assert (control.quality.mean, other.quality.mean) == (0.5, 1.0)
    assert (control.quality.units, other.quality.units) == (control.units, other.units)
    assert control.failures.mean == 0
    assert control.latency_seconds.mean > 0
    assert not other.quality.HasField("difference")
    assert found.sample_ratio_mismatch == ""


async def test_experiments_are_listed_as_they_are_configured(
    routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub,
) -> None:
    listed = (await routing_stub.ListExperiments(ListExperimentsRequest(), timeout=WAIT)).experiments
    assert [(one.name, one.active) for one in listed] == [("parrots", True), ("ended", False)]
    assert [(arm.name, arm.share, arm.settings) for arm in listed[0].arms] == [
        ("control", 0.5, "model lab/parrot"),
        ("other", 0.5, "model lab/everything"),
    ]


@pytest.mark.parametrize(
    ("name", "code", "error"),
    [
        ("parots", grpc.StatusCode.NOT_FOUND, "EXPERIMENT_NOT_FOUND"),
        ("", grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"),
    ],
)
async def test_a_name_that_is_not_configured_is_refused(
    routing_stub: routing_pb2_grpc.RoutingServiceAsyncStub, name: str, code: grpc.StatusCode, error: str
) -> None:
    assert await reason(routing_stub.GetExperiment(GetExperimentRequest(name=name), timeout=WAIT)) == (code, error)


async def test_a_caller_cant_set_the_label_of_an_arm(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    request = ExecuteRequest(prompt=PROMPT, attribution=Attribution(labels={LABEL: "other"}))
    assert await reason(stub.Execute(request, timeout=WAIT)) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "INVALID_REQUEST",
    )


async def test_an_agents_model_is_called_and_the_decision_says_why(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    request = ExecuteRequest(prompt=PROMPT, attribution=Attribution(agent_name="support"))
    answer = await stub.Execute(request, timeout=WAIT)
    assert (answer.model, answer.decision.agent_name) == ("lab/parrot", "support")
    assert "as configured for the agent support" in answer.decision.explanation


async def test_a_policy_that_is_not_registered_stops_the_start_and_an_unknown_model_is_warned_of(
    make_settings: Callable[..., Settings], lab: Lab
) -> None:
    with pytest.raises(ConfigError, match=r"agents\.support\.policy: no plugin registers a policy 'best'"):
        async with Application.start(make_settings(agents={"support": {"policy": "best"}}), lab.found):
            pass
    with structlog.testing.capture_logs() as logs:
        async with Application.start(make_settings(agents={"support": {"model": "lab/parot"}}), lab.found):
            pass
    [warned] = [one for one in logs if one["event"] == "unknown_name_in_settings"]
    assert warned["name"] == "agents.support"
    assert "no model has the name 'lab/parot'; did you mean lab/parrot" in warned["problem"]


async def test_results_are_read_beside_requests_from_the_start(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
    health = await stub.Health(HealthRequest(), timeout=WAIT)
    [task] = [task for task in health.background_tasks if task.name == "results of experiments"]
    assert not task.detail
