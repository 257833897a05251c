"""Answers: whole ones, and the events of those that are still being written."""

from collections.abc import Callable
from typing import Any

from ymera.v1 import content_pb2
from ymera.v1 import ymera_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.content import (
    FINISH_REASONS,
    block_fields,
    citation_fields,
    message_fields,
    token_fields,
)
from ymera_service.api.convert.history import attempts_fields
from ymera_service.api.convert.routing import decision_fields, target_fields
from ymera_service.api.convert.usage import consumption_fields, failure_fields
from ymera_service.execution.answer import Answer
from ymera_service.execution.events import AttemptStarted, Ended, ExecutionEvent, Started
from ymera_service.execution.facts import Execution
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
from ymera_service.storage.records import ExecutionStatus


def execute_response(answer: Answer) -> pb.ExecuteResponse:
    """Returns a whole answer."""
    execution = answer.execution
    assert execution.decision is not None
    fields: Fields = {
        "request_id": execution.request.request_id,
        "messages": list(map(message_fields, answer.messages)),
        "decision": decision_fields(execution.decision),
        "citations": list(map(citation_fields, answer.citations)),
        "replayed": answer.replayed,
        "logprobs": list(map(token_fields, answer.logprobs)),
        **_completed(execution),
    }
    return pb.ExecuteResponse(**fields)


def stream_response(sequence: int, event: ExecutionEvent) -> pb.ExecuteStreamResponse:
    """Returns an event of a stream under its number."""
    name, convert = _EVENTS[type(event)]
    fields: Fields = {name: convert(event)} if name else convert(event)
    return pb.ExecuteStreamResponse(sequence=sequence, **fields)


def _started(event: Started) -> Fields:
    return {"request_id": event.request_id, "decision": decision_fields(event.decision), "replayed": event.replayed}


def _attempt_started(event: AttemptStarted) -> Fields:
    return {
        **target_fields(event.target),
        "turn": event.turn,
        "number": event.number,
        "previous_error": failure_fields(event.previous_error),
        "hedge": event.hedge,
    }


def _text(event: TextDelta | RefusalDelta) -> Fields:
    return {"text": event.text}


def _reasoning(event: ReasoningDelta) -> Fields:
    return {"text": event.text, "signature": event.signature}


def _tool_call(event: ToolCallDelta) -> Fields:
    return {"index": event.index, "id": event.id, "name": event.name, "arguments": event.arguments}


def _citation(event: CitationFound) -> Fields:
    return citation_fields(event.citation)


def _block(event: ProviderBlockFound) -> Fields:
    return block_fields(event.block)


def _logprobs(event: LogprobsDelta) -> Fields:
    return {"tokens": list(map(token_fields, event.tokens))}


def _ended(event: Ended) -> Fields:
    """Returns the terminal event under its name in the contract."""
    name, convert = _ENDS[event.execution.status]
    return {name: convert(event.execution)}


def _completed(execution: Execution) -> Fields:
    attempt = execution.answering
    reason = attempt.finish_reason if attempt else None
    return {
        "finish_reason": FINISH_REASONS[reason] if reason else content_pb2.FINISH_REASON_UNSPECIFIED,
        "model": attempt.target.model if attempt else "",
        "usage": consumption_fields(execution.consumption),
        "attempts": attempts_fields(execution.turns),
        "simulated": attempt is not None and attempt.simulated,
    }


def _stopped(execution: Execution) -> Fields:
    return {
        "error": None if execution.error is None else failure_fields(Failure.of(execution.error)),
        "usage": consumption_fields(execution.consumption),
        "attempts": attempts_fields(execution.turns),
    }


def _truncated(execution: Execution) -> Fields:
    attempt = execution.answering
    return {**_stopped(execution), "model": attempt.target.model if attempt else ""}


_ENDS: dict[ExecutionStatus, tuple[str, Callable[[Execution], Fields]]] = {
    ExecutionStatus.COMPLETED: ("completed", _completed),
    ExecutionStatus.TRUNCATED: ("truncated", _truncated),
    ExecutionStatus.FAILED: ("failed", _stopped),
    ExecutionStatus.CANCELLED: ("cancelled", _stopped),
}

_EVENTS: dict[type[Any], tuple[str, Callable[[Any], Fields]]] = {
    Started: ("started", _started),
    AttemptStarted: ("attempt_started", _attempt_started),
    TextDelta: ("text_delta", _text),
    ReasoningDelta: ("reasoning_delta", _reasoning),
    ToolCallDelta: ("tool_call_delta", _tool_call),
    RefusalDelta: ("refusal_delta", _text),
    CitationFound: ("citation", _citation),
    ProviderBlockFound: ("provider_block", _block),
    LogprobsDelta: ("logprobs_delta", _logprobs),
    Ended: ("", _ended),
}
"""The name of an event in the contract and its fields; the name of the last one depends on how it ended."""
