"""Decisions, answers and events as they go out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera.v1 import catalog_pb2, content_pb2, routing_pb2
from ymera.v1 import ymera_pb2 as pb

from ymera_service.api import admin_servicer, catalog_servicer, routing_servicer, ymera_servicer
from ymera_service.api.convert.catalog import model_message, page_start, page_token
from ymera_service.api.convert.content import FINISH_REASONS
from ymera_service.api.convert.execution import stream_response
from ymera_service.api.convert.routing import decision_fields, execution_fields
from ymera_service.api.convert.usage import duration_fields
from ymera_service.api.convert.violations import Violations
from ymera_service.catalog import Model
from ymera_service.execution.events import (
    AttemptStarted,
    Cancelled,
    Completed,
    Consumption,
    ExecutionEvent,
    Failed,
    Started,
    Truncated,
)
from ymera_service.routing.decision import (
    Attempt,
    Candidate,
    Decision,
    Exclusion,
    ExclusionReason,
    Failure,
    ScoreComponent,
    Weights,
    to_json,
)
from ymera_service.sdk.content import Citation
from ymera_service.sdk.errors import ConnectionFailed, DeadlineExceeded, StreamInterrupted
from ymera_service.sdk.events import CitationFound, ReasoningDelta, RefusalDelta, TextDelta, ToolCallDelta
from ymera_service.sdk.generation import FinishReason, Usage
from ymera_service.sdk.models import ModelInfo, Price, Tier
from ymera_service.storage.records import ExecutionRecord, ExecutionStatus

FAILURE = Failure("RATE_LIMITED", "wait", {"model": "a/b"}, 1.5)
DECISION = Decision(
    category="math",
    category_probabilities={"general": 0.25, "math": 0.75},
    candidates=(Candidate("a/b", 0.5, (ScoreComponent("quality", 0.9, 0.6, "24 tasks"),), None, 0.25),),
    exclusions=tuple(Exclusion(f"x/{reason}", reason, "why") for reason in ExclusionReason),
    policy="weighted",
    weights=Weights(0.5, 0.25, 0.25),
    seed=2**64 - 1,
    propensity=1.0,
    explanation="because",
    attempts=(Attempt(1, "a/b", 0.5, None, FAILURE), Attempt(2, "a/c", 1.0, 0.125)),
)
SPENT = Consumption(Usage(1, 2, 3, 4, 5), None, estimated=True)


def test_a_decision_goes_out_whole() -> None:
    out = routing_pb2.Decision(**decision_fields(DECISION))
    assert [(one.category, one.probability) for one in out.category_probabilities] == [
        ("math", 0.75),
        ("general", 0.25),
    ]
    candidate = out.candidates[0]
    assert (candidate.model, candidate.score, candidate.HasField("expected_cost_micros")) == ("a/b", 0.5, False)
    assert candidate.expected_latency.ToMilliseconds() == 250
    component = candidate.components[0]
    assert (component.name, component.value, component.weight, component.evidence) == ("quality", 0.9, 0.6, "24 tasks")
    names = [routing_pb2.ExclusionReason.Name(one.reason) for one in out.exclusions]
    assert names == [f"EXCLUSION_REASON_{reason.name}" for reason in ExclusionReason]
    assert (out.seed, out.propensity, out.policy, out.explanation) == (2**64 - 1, 1.0, "weighted", "because")
    first, second = out.attempts
    assert (first.error.reason, first.error.metadata["model"]) == ("RATE_LIMITED", "a/b")
    assert first.error.retry_after.ToMilliseconds() == 1500
    assert not first.HasField("time_to_first_token")
    assert second.time_to_first_token.ToMilliseconds() == 125
    assert not second.HasField("error")


EVENTS: list[tuple[ExecutionEvent, str]] = [
    (Started("0190", DECISION), "started"),
    (AttemptStarted(2, "a/c", FAILURE), "attempt_started"),
    (TextDelta("hi"), "text_delta"),
    (ReasoningDelta("hm", b"s"), "reasoning_delta"),
    (ToolCallDelta(0, "c1", "look", "{"), "tool_call_delta"),
    (RefusalDelta("no"), "refusal_delta"),
    (CitationFound(Citation("https://a.example/", "A", "words")), "citation"),
    (Completed(FinishReason.STOP, "a/c", SPENT, DECISION, simulated=True), "completed"),
    (Truncated(StreamInterrupted("cut"), "a/c", SPENT, DECISION), "truncated"),
    (Failed(ConnectionFailed("away"), SPENT, DECISION), "failed"),
    (Cancelled(DeadlineExceeded("late"), SPENT, DECISION), "cancelled"),
]


@pytest.mark.parametrize(("event", "kind"), EVENTS)
def test_every_event_goes_out_under_its_number(event: ExecutionEvent, kind: str) -> None:
    out = stream_response(7, event)
    assert (out.sequence, out.WhichOneof("event")) == (7, kind)


def test_the_list_of_events_is_that_of_the_contract() -> None:
    oneof = pb.ExecuteStreamResponse.DESCRIPTOR.oneofs_by_name["event"]
    assert {field.name for field in oneof.fields} == {kind for _, kind in EVENTS}


def test_a_terminal_event_tells_what_was_spent() -> None:
    out = stream_response(9, EVENTS[8][0]).truncated
    assert (out.model, out.error.reason) == ("a/c", "STREAM_INTERRUPTED")
    assert (out.usage.input_tokens, out.usage.reasoning_output_tokens, out.usage.estimated) == (1, 5, True)
    assert not out.usage.HasField("cost_micros")
    assert len(out.decision.attempts) == 2


def test_a_free_call_costs_nothing_which_is_not_unknown() -> None:
    event = Completed(FinishReason.STOP, "a/c", Consumption(cost_micros=0), DECISION, simulated=False)
    usage = stream_response(1, event).completed.usage
    assert usage.HasField("cost_micros")
    assert usage.cost_micros == 0


def price_of(price: Price | None) -> catalog_pb2.Model:
    return model_message(Model("a/b", "a", ModelInfo("b"), price), {}, available=True)


def test_a_price_goes_out_whole() -> None:
    long = Tier(10, 20, 0, 12, 15, above_input_tokens=200_000)
    out = price_of(Price(1, 2, 3, 4, 5, per_request=6, tiers=(long,), source="local")).price
    assert out == catalog_pb2.Price(
        input_micros_per_million=1,
        output_micros_per_million=2,
        source="local",
        cache_read_micros_per_million=3,
        cache_write_micros_per_million=4,
        reasoning_micros_per_million=5,
        micros_per_request=6,
        tiers=[
            catalog_pb2.PriceTier(
                above_input_tokens=200_000,
                input_micros_per_million=10,
                output_micros_per_million=20,
                cache_read_micros_per_million=0,
                cache_write_micros_per_million=12,
                reasoning_micros_per_million=15,
            )
        ],
    )
    assert out.tiers[0].HasField("cache_read_micros_per_million")


def test_an_unknown_price_is_absent_and_a_free_one_is_zero() -> None:
    assert not price_of(None).HasField("price")
    free = price_of(Price(0, 0))
    assert free.HasField("price")
    assert not free.price.HasField("cache_read_micros_per_million")


def test_every_reason_to_finish_has_its_number() -> None:
    assert FINISH_REASONS.keys() == set(FinishReason)
    assert set(FINISH_REASONS.values()) == set(content_pb2.FinishReason.values()) - {0}


@pytest.mark.parametrize("status", ExecutionStatus)
def test_a_record_goes_out_as_an_execution(status: ExecutionStatus) -> None:
    now = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
    record = ExecutionRecord(
        request_id="0190",
        created_at=now,
        status=status,
        category="math",
        model="a/c",
        usage=Usage(1, 2),
        usage_estimated=False,
        cost_micros=7,
        finish_reason="stop",
        duration=1.5,
        time_to_first_token=None,
        session_id="s",
        agent_name="n",
        decision=to_json(DECISION),
        error=to_json(FAILURE),
    )
    out = routing_pb2.Execution(**execution_fields(record))
    assert out.create_time.ToDatetime(UTC) == now
    assert routing_pb2.ExecutionStatus.Name(out.status) == f"EXECUTION_STATUS_{status.name}"
    assert out.decision == routing_pb2.Decision(**decision_fields(DECISION))
    assert (out.error.reason, out.usage.cost_micros, out.duration.ToMilliseconds()) == ("RATE_LIMITED", 7, 1500)
    assert not out.HasField("time_to_first_token")


@given(st.floats(0, 1e9))
def test_a_duration_is_that_of_its_seconds(seconds: float) -> None:
    fields = duration_fields(seconds)
    assert 0 <= fields["nanos"] < 1_000_000_000
    assert fields["seconds"] + fields["nanos"] / 1e9 == pytest.approx(seconds, abs=1e-6)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_page_token_leads_back_to_its_item(item: str, scope: str) -> None:
    faults = Violations()
    assert page_start(page_token(item, scope), scope, faults) == item
    faults.check()


@pytest.mark.parametrize(
    ("servicer", "module"),
    [
        (ymera_servicer.YmeraServicer, ymera_servicer),
        (routing_servicer.RoutingServicer, routing_servicer),
        (catalog_servicer.CatalogServicer, catalog_servicer),
        (admin_servicer.AdminServicer, admin_servicer),
    ],
)
def test_every_method_of_the_contract_is_served(servicer: type, module: object) -> None:
    from google.protobuf import descriptor_pool

    service = descriptor_pool.Default().FindServiceByName(module.SERVICE)  # type: ignore[attr-defined]
    arguments = [None] * (servicer.__init__.__code__.co_argcount - 1)  # type: ignore[misc]
    methods = servicer(*arguments).methods()
    assert {name: method.request.DESCRIPTOR.full_name for name, method in methods.items()} == {
        method.name: method.input_type.full_name for method in service.methods
    }
