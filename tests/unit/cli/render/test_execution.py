"""The line after an answer, and past requests."""

from google.protobuf.timestamp_pb2 import Timestamp
from ymera.v1 import content_pb2, errors_pb2, routing_pb2, usage_pb2, ymera_pb2

from tests.unit.cli.render.shown import ATTEMPTS, DECISION, TWO_SECONDS, lines
from ymera_service.cli.render import execution


def completed(model: str, reason: content_pb2.FinishReason.ValueType) -> ymera_pb2.ExecutionCompleted:
    usage = usage_pb2.Usage(input_tokens=12, output_tokens=45, cost_micros=123)
    return ymera_pb2.ExecutionCompleted(model=model, attempts=ATTEMPTS[:2], usage=usage, finish_reason=reason)


def test_the_summary_line_shows_model_reason_tokens_cost_time_and_id() -> None:
    assert execution.summary(completed("acme/large", content_pb2.FINISH_REASON_STOP), DECISION, "r-1", 1.239) == (
        "acme/large for coding (0.81): best quality · 12 → 45 tokens · $0.000123 · 1.24 s · r-1"
    )


def test_the_summary_line_reports_failures_and_an_unusual_end() -> None:
    assert execution.summary(completed("acme/small", content_pb2.FINISH_REASON_LENGTH), DECISION, "r-1", 1.239) == (
        "acme/small after 1 failure (acme/large for coding (0.81): best quality) · 12 → 45 tokens · $0.000123 · 1.24 s"
        " · length · r-1"
    )


def test_the_summary_line_says_that_a_hedge_was_quicker() -> None:
    done = completed("acme/small", content_pb2.FINISH_REASON_STOP)
    done.attempts[0].error.reason, done.attempts[1].hedge = "CANCELLED", True
    assert execution.summary(done, DECISION, "r-1", 1.239).startswith("acme/small before a slow one (acme/large for")
    done.attempts.insert(0, ATTEMPTS[0])
    assert execution.summary(done, DECISION, "r-1", 1.239).startswith("acme/small after 1 failure before a slow one (")
    del done.attempts[:2]
    done.attempts[0].hedge = False
    assert execution.summary(done, DECISION, "r-1", 1.239).startswith("acme/small as others were busy (acme/large for")


def test_a_past_request_is_shown_with_its_attempts() -> None:
    past = routing_pb2.Execution(
        request_id="r-1",
        create_time=Timestamp(seconds=1_795_000_000),
        status=routing_pb2.EXECUTION_STATUS_FAILED,
        decision=DECISION,
        usage=usage_pb2.Usage(input_tokens=12, output_tokens=4, cost_micros=7),
        error=errors_pb2.Error(reason="RATE_LIMITED", message="too many"),
        duration=TWO_SECONDS,
        time_to_first_token=TWO_SECONDS,
        session_id="s-1",
        attribution=routing_pb2.Attribution(agent_name="tester", end_user="u-7", labels={"team": "search"}),
        attempts=ATTEMPTS[:1],
    )
    shown = lines(execution.execution(past))
    assert shown[-1] == "      1  acme/large#key-1@eu  2.00 s               RATE_LIMITED: no"
    assert shown[:6] == [
        "2026-11-18 11:06:40 UTC: failed in 2.00 s, first token after 2.00 s",
        "12 → 4 tokens · $0.000007",
        "RATE_LIMITED: too many",
        "session s-1 · agent tester · end user u-7 · team=search",
        "",
        "acme/large for coding (0.81): best quality",
    ]


def test_a_past_request_that_did_other_work_says_so() -> None:
    past = routing_pb2.Execution(
        request_id="r-1",
        create_time=Timestamp(seconds=1_795_000_000),
        status=routing_pb2.EXECUTION_STATUS_COMPLETED,
        operation=routing_pb2.OPERATION_EMBEDDINGS,
        model="acme/embed",
    )
    assert lines(execution.execution(past))[0] == "2026-11-18 11:06:40 UTC: embeddings completed"
    assert lines(execution.history([past]))[1].endswith("acme/embed embeddings")
