"""Answers: whole ones, and the events of those that are still being written."""

from collections.abc import Callable
from typing import Any

from ymera.v1 import ymera_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.content import FINISH_REASONS, citation_fields, citations_fields, message_fields
from ymera_service.api.convert.routing import decision_fields
from ymera_service.api.convert.usage import consumption_fields, failure_fields
from ymera_service.execution.answer import Answer
from ymera_service.execution.events import (
    AttemptStarted,
    Cancelled,
    Completed,
    ExecutionEvent,
    Failed,
    Started,
    Truncated,
)
from ymera_service.routing.decision import Failure
from ymera_service.sdk.events import CitationFound, ReasoningDelta, RefusalDelta, TextDelta, ToolCallDelta


def execute_response(answer: Answer) -> pb.ExecuteResponse:
    """Returns a whole answer."""
    fields: Fields = {
        "request_id": answer.request_id,
        "message": message_fields(answer.message),
        "finish_reason": FINISH_REASONS[answer.finish_reason],
        "model": answer.model,
        "usage": consumption_fields(answer.consumption),
        "decision": decision_fields(answer.decision),
        "citations": citations_fields(answer.citations),
        "simulated": answer.simulated,
    }
    return pb.ExecuteResponse(**fields)


def stream_response(sequence: int, event: ExecutionEvent) -> pb.ExecuteStreamResponse:
    """Returns an event of a stream under its number."""
    name, convert = _EVENTS[type(event)]
    fields: Fields = {name: convert(event)}
    return pb.ExecuteStreamResponse(sequence=sequence, **fields)


def _started(event: Started) -> Fields:
    return {"request_id": event.request_id, "decision": decision_fields(event.decision)}


def _attempt_started(event: AttemptStarted) -> Fields:
    return {"number": event.number, "model": event.model, "previous_error": failure_fields(event.previous_error)}


def _text(event: TextDelta | RefusalDelta) -> Fields:
    return {"text": event.text}


def _reasoning(event: ReasoningDelta) -> Fields:
    return {"text": event.text, "signature": event.signature}


def _tool_call(event: ToolCallDelta) -> Fields:
    return {"index": event.index, "id": event.id, "name": event.name, "arguments": event.arguments}


def _citation(event: CitationFound) -> Fields:
    return citation_fields(event.citation)


def _completed(event: Completed) -> Fields:
    return {
        "finish_reason": FINISH_REASONS[event.finish_reason],
        "model": event.model,
        "usage": consumption_fields(event.consumption),
        "decision": decision_fields(event.decision),
        "simulated": event.simulated,
    }


def _stopped(event: Truncated | Failed | Cancelled) -> Fields:
    return {
        "error": failure_fields(Failure.of(event.error)),
        "usage": consumption_fields(event.consumption),
        "decision": decision_fields(event.decision),
    }


def _truncated(event: Truncated) -> Fields:
    return {**_stopped(event), "model": event.model}


_EVENTS: dict[type[Any], tuple[str, Callable[[Any], Fields]]] = {
    Started: ("started", _started),
    AttemptStarted: ("attempt_started", _attempt_started),
    TextDelta: ("text_delta", _text),
    ReasoningDelta: ("reasoning_delta", _reasoning),
    ToolCallDelta: ("tool_call_delta", _tool_call),
    RefusalDelta: ("refusal_delta", _text),
    CitationFound: ("citation", _citation),
    Completed: ("completed", _completed),
    Truncated: ("truncated", _truncated),
    Failed: ("failed", _stopped),
    Cancelled: ("cancelled", _stopped),
}
