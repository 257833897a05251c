"""Conversion of decisions, answers and events to messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera.v1 import catalog_pb2, content_pb2, routing_pb2
from ymera.v1 import ymera_pb2 as pb

from ymera_service.api import admin_servicer, catalog_servicer, routing_servicer, ymera_servicer
from ymera_service.api.convert.catalog import model_message
from ymera_service.api.convert.content import FINISH_REASONS
from ymera_service.api.convert.execution import execute_response, stream_response
from ymera_service.api.convert.history import execution_fields
from ymera_service.api.convert.routing import decision_fields, is_full_view
from ymera_service.api.convert.usage import duration_fields
from ymera_service.execution.answer import Answer
from ymera_service.execution.events import AttemptStarted, Ended, ExecutionEvent, Started
from ymera_service.execution.facts import Attempt, Execution, ExecutionRequest, Turn
from ymera_service.execution.reading import turns_from_json
from ymera_service.execution.recording import attempts_to_json
from ymera_service.routing.decision import (
    Candidate,
    Decision,
    Exclusion,
    ExclusionCount,
    ExclusionReason,
    Inputs,
    Preferences,
    ScoreComponent,
    Weights,
)
from ymera_service.sdk.content import Citation, Message, ProviderBlock, Role, Text, TokenLogprob, user
from ymera_service.sdk.errors import (
    ConnectionFailed,
    DeadlineExceeded,
    InvalidRequest,
    StreamInterrupted,
    YmeraError,
)
from ymera_service.sdk.events import (
    CitationFound,
    LogprobsDelta,
    ProviderBlockFound,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)
from ymera_service.sdk.failures import Failure
from ymera_service.sdk.generation import Adaptation, AdaptationKind, FinishReason, Prompt, Usage
from ymera_service.sdk.models import Model, ModelInfo, Price, Tier
from ymera_service.sdk.targets import Deployment, Target
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.history import PastExecution
from ymera_service.serving.listing import ListedModel
from ymera_service.storage.records import ExecutionRecord, ExecutionStatus

FAILURE = Failure("RATE_LIMITED", "wait", {"model": "a/b"}, 1.5)
FIRST, SECOND = Target("a", "a/b", Deployment("key-1", "eu")), Target("a", "a/c")
EXCLUSIONS = tuple(Exclusion(Target("x", f"x/{reason}"), reason, "why") for reason in ExclusionReason)
DECISION = Decision(
    category="math",
    category_probabilities={"math": 0.75, "general": 0.25},
    candidates=(Candidate(FIRST, 0.5, (ScoreComponent("quality", 0.9, 0.6, "24 tasks"),), None, 0.25),),
    candidate_count=7,
    exclusions=tuple(ExclusionCount(number, one) for number, one in enumerate(EXCLUSIONS, 1)),
    policy="balanced",
    weights=Weights(0.5, 0.25, 0.25),
    seed=2**63 - 1,
    propensity=1.0,
    explanation="because",
    inputs=Inputs("v1", "p1"),
    session_affinity=True,
    excluded=EXCLUSIONS[:1],
    emotions={"joy": 0.75, "neutral": 0.25},
    complexity=0.0,
)
FAILED_ATTEMPT = Attempt(1, FIRST, 10.0, 0.5, None, error=FAILURE)
ANSWERED = Attempt(
    2, SECOND, 10.5, 1.0, 0.125, Usage(1, 2, 3, 4, 5), None, estimated=True, finish_reason=FinishReason.STOP
)
TURNS = (Turn(1, (FAILED_ATTEMPT, ANSWERED)),)


def execution(error: YmeraError | None = None, *, released: bool = False, turns: tuple[Turn, ...] = TURNS) -> Execution:
    request = ExecutionRequest("0190", Prompt((user("hi"),)), Preferences(), 100.0)
    now = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
    return Execution(request, True, now, 9.0, DECISION, turns, released, error, 12.0)


def test_a_decision_is_sent_completely() -> None:
    out = routing_pb2.Decision(**decision_fields(DECISION))
    assert [(one.category, one.probability) for one in out.category_probabilities] == [
        ("math", 0.75),
        ("general", 0.25),
    ]
    candidate = out.candidates[0]
    assert (candidate.model, candidate.account, candidate.endpoint) == ("a/b", "key-1", "eu")
    assert (candidate.score, candidate.HasField("expected_cost_micros")) == (0.5, False)
    assert candidate.expected_latency.ToMilliseconds() == 250
    component = candidate.components[0]
    assert (component.name, component.value, component.weight, component.evidence) == ("quality", 0.9, 0.6, "24 tasks")
    assert out.candidate_count == 7
    names = [routing_pb2.ExclusionReason.Name(one.reason) for one in out.exclusions]
    assert names == [f"EXCLUSION_REASON_{reason.name}" for reason in ExclusionReason]
    assert [one.count for one in out.exclusions] == list(range(1, len(names) + 1))
    assert (out.exclusions[0].model, out.exclusions[0].detail) == ("x/not_permitted", "why")
    assert [one.model for one in out.excluded_targets] == ["x/not_permitted"]
    assert (out.seed, out.propensity, out.policy, out.explanation) == (2**63 - 1, 1.0, "balanced", "because")
    assert (out.session_affinity, out.catalog_version) == (True, "v1")
    assert [(one.emotion, one.probability) for one in out.emotions] == [("joy", 0.75), ("neutral", 0.25)]
    assert out.HasField("complexity")
    unread = routing_pb2.Decision(**decision_fields(replace(DECISION, complexity=None)))
    assert not unread.HasField("complexity")


@pytest.mark.parametrize(("view", "full"), [(0, False), (1, False), (2, True)])
def test_the_whole_decision_is_sent_on_request(view: routing_pb2.DecisionView.ValueType, full: bool) -> None:
    faults = Violations()
    assert is_full_view(view, faults) is full
    faults.check()


def test_an_unknown_view_is_a_violation() -> None:
    faults = Violations()
    is_full_view(9, faults)  # type: ignore[arg-type]  # proto3's enums are open
    with pytest.raises(InvalidRequest, match="decision_view"):
        faults.check()


EVENTS: list[tuple[ExecutionEvent, str]] = [
    (Started("0190", DECISION), "started"),
    (AttemptStarted(1, 2, SECOND, FAILURE), "attempt_started"),
    (TextDelta("hi"), "text_delta"),
    (ReasoningDelta("hm", b"s"), "reasoning_delta"),
    (ToolCallDelta(0, "c1", "look", "{"), "tool_call_delta"),
    (RefusalDelta("no"), "refusal_delta"),
    (CitationFound(Citation("https://a.example/", "A", "words")), "citation"),
    (ProviderBlockFound(ProviderBlock("f", b"{}")), "provider_block"),
    (LogprobsDelta((TokenLogprob("co", -0.5, b"co", (TokenLogprob("c", -2.0),)),)), "logprobs_delta"),
    (Ended(execution()), "completed"),
    (Ended(execution(StreamInterrupted("cut"), released=True)), "truncated"),
    (Ended(execution(ConnectionFailed("away"))), "failed"),
    (Ended(execution(DeadlineExceeded("late"))), "cancelled"),
]


@pytest.mark.parametrize(("event", "kind"), EVENTS)
def test_every_event_is_sent_as_its_member_of_the_oneof(event: ExecutionEvent, kind: str) -> None:
    out = stream_response(7, event)
    assert (out.sequence, out.WhichOneof("event")) == (7, kind)


def test_the_list_of_events_matches_the_contract() -> None:
    oneof = pb.ExecuteStreamResponse.DESCRIPTOR.oneofs_by_name["event"]
    assert {field.name for field in oneof.fields} == {kind for _, kind in EVENTS}


def test_an_attempt_names_its_target_and_its_turn() -> None:
    out = stream_response(2, AttemptStarted(3, 2, FIRST, FAILURE)).attempt_started
    assert (out.turn, out.number, out.model, out.account, out.endpoint) == (3, 2, "a/b", "key-1", "eu")
    assert out.previous_error.reason == "RATE_LIMITED"


@pytest.mark.parametrize("kind", ["completed", "truncated", "failed", "cancelled"])
def test_a_terminal_event_shows_what_was_spent_and_every_attempt(kind: str) -> None:
    event = next(event for event, name in EVENTS if name == kind)
    out = getattr(stream_response(9, event), kind)
    assert (out.usage.input_tokens, out.usage.reasoning_output_tokens, out.usage.estimated) == (1, 5, True)
    assert not out.usage.HasField("cost_micros")
    first, second = out.attempts
    assert (first.turn, first.number, first.model, first.account) == (1, 1, "a/b", "key-1")
    assert (first.error.reason, first.error.metadata["model"]) == ("RATE_LIMITED", "a/b")
    assert first.error.retry_after.ToMilliseconds() == 1500
    assert not first.HasField("time_to_first_token")
    assert not first.HasField("usage")
    assert second.time_to_first_token.ToMilliseconds() == 125
    assert (second.usage.output_tokens, second.HasField("error")) == (2, False)


def test_only_an_execution_with_an_answer_has_a_model() -> None:
    assert stream_response(9, EVENTS[10][0]).truncated.model == "a/c"
    assert stream_response(9, EVENTS[10][0]).truncated.error.reason == "STREAM_INTERRUPTED"
    assert stream_response(9, EVENTS[9][0]).completed.model == "a/c"


def test_the_cost_of_a_free_call_is_zero_and_not_absent() -> None:
    free = replace(ANSWERED, usage=Usage(), cost_micros=0)
    usage = stream_response(1, Ended(execution(turns=(Turn(1, (free,)),)))).completed.usage
    assert usage.HasField("cost_micros")
    assert usage.cost_micros == 0


def test_a_whole_answer_has_a_message_for_each_turn() -> None:
    messages = (Message(Role.ASSISTANT, (Text("one"),)), Message(Role.ASSISTANT, (Text("two"),)))
    out = execute_response(Answer(execution(), messages, ()))
    assert [message.parts[0].text for message in out.messages] == ["one", "two"]
    assert (out.request_id, out.model, len(out.attempts)) == ("0190", "a/c", 2)
    assert out.finish_reason == content_pb2.FINISH_REASON_STOP


def price_of(price: Price | None) -> catalog_pb2.Model:
    return model_message(ListedModel(Model("a/b", "a", ModelInfo("b"), price), {}, available=True))


def test_a_price_is_sent_completely() -> None:
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
def test_a_record_is_sent_as_an_execution(status: ExecutionStatus) -> None:
    now = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
    record = ExecutionRecord(
        request_id="0190",
        created_at=now,
        status=status,
        category="math",
        model="a/c",
        target="a/c",
        usage=Usage(1, 2),
        usage_estimated=False,
        cost_micros=7,
        finish_reason="stop",
        duration=1.5,
        time_to_first_token=None,
        session_id="s",
        agent_name="n",
        end_user="u",
        labels={"team": "search"},
        catalog_version="v1",
        decision=b"",
    )
    turns = turns_from_json(attempts_to_json(execution()))
    out = routing_pb2.Execution(**execution_fields(PastExecution(record, DECISION, turns, FAILURE)))
    assert out.create_time.ToDatetime(UTC) == now
    assert routing_pb2.ExecutionStatus.Name(out.status) == f"EXECUTION_STATUS_{status.name}"
    assert out.decision == routing_pb2.Decision(**decision_fields(DECISION))
    assert (out.error.reason, out.usage.cost_micros, out.duration.ToMilliseconds()) == ("RATE_LIMITED", 7, 1500)
    assert not out.HasField("time_to_first_token")
    assert out.model == "a/c"
    assert (out.attribution.agent_name, out.attribution.end_user) == ("n", "u")
    assert out.attribution.labels == {"team": "search"}
    assert list(out.attempts) == list(stream_response(9, EVENTS[9][0]).completed.attempts)


def test_an_attempt_has_a_warning_for_each_adaptation() -> None:
    adapted = tuple(Adaptation(kind, f"prompt.{kind}", "why") for kind in AdaptationKind)
    turns = (Turn(1, (replace(ANSWERED, adaptations=adapted),)),)
    response = execute_response(Answer(execution(turns=turns), (), ()))
    [attempt] = response.attempts
    assert [(one.field, one.detail) for one in attempt.warnings] == [(one.field, "why") for one in adapted]
    assert [routing_pb2.Warning.Kind.Name(one.kind) for one in attempt.warnings] == [
        f"KIND_{kind.name}" for kind in AdaptationKind
    ]


@given(st.floats(0, 1e9))
def test_a_duration_is_that_of_its_seconds(seconds: float) -> None:
    fields = duration_fields(seconds)
    assert fields is not None
    assert 0 <= fields["nanos"] < 1_000_000_000
    assert fields["seconds"] + fields["nanos"] / 1e9 == pytest.approx(seconds, abs=1e-6)


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
