"""Answers of version 1 of the API are read as those of version 2 are."""

from typing import Any

import orjson
import pytest
from ymera_cohere.decoder import ChatDecoder

from ymera_service.sdk.errors import ProviderError, StreamInterrupted
from ymera_service.sdk.events import ProviderEvent, ResponseStarted
from ymera_service.sdk.generation import FinishReason, Usage
from ymera_service.sdk.testing.answers import Answer

META = {"billed_units": {"input_tokens": 3, "output_tokens": 2}, "tokens": {"input_tokens": 9, "output_tokens": 2}}
CITATION = {"start": 0, "end": 2, "text": "Hi", "document_ids": ["doc_0", None]}
CALL = {"name": "f", "parameters": {"a": 1}}


def decode(*documents: dict[str, Any]) -> list[ProviderEvent | ProviderError]:
    decoder = ChatDecoder()
    body = b"".join(orjson.dumps(each) + b"\n" for each in documents)
    return [*decoder.feed(body), *decoder.close()]


def events_of(*documents: dict[str, Any]) -> list[ProviderEvent]:
    decoded = decode(*documents)
    return [event for event in decoded if not isinstance(event, ProviderError)]


def stream(*events: dict[str, Any], reason: str) -> list[dict[str, Any]]:
    start = {"event_type": "stream-start", "generation_id": "g1"}
    end = {"event_type": "stream-end", "finish_reason": reason, "response": {"meta": META}}
    return [start, *events, end]


TOLD = stream(
    {"event_type": "text-generation", "text": "Hi"},
    {"event_type": "search-results", "documents": []},
    {"event_type": "citation-generation", "citations": [CITATION]},
    reason="COMPLETE",
)
CALLED = stream(
    {"event_type": "tool-calls-chunk", "tool_call_delta": {"name": "f"}},
    {"event_type": "tool-calls-generation", "tool_calls": [CALL]},
    reason="COMPLETE",
)
WHOLE = {"generation_id": "g1", "text": "Hi", "citations": [CITATION], "finish_reason": "COMPLETE", "meta": META}


@pytest.mark.parametrize("documents", [TOLD, [WHOLE]])
def test_an_answer_has_its_text_its_sources_and_its_counts(documents: list[dict[str, Any]]) -> None:
    events = events_of(*documents)
    answer = Answer.of(events)
    assert (answer.text, answer.finish_reason, answer.usage) == ("Hi", FinishReason.STOP, Usage(9, 2))
    assert [(one.title, one.cited_text) for one in answer.citations] == [("doc_0", "Hi")]
    assert ResponseStarted("g1") in events


@pytest.mark.parametrize("documents", [CALLED, [{**WHOLE, "text": "", "tool_calls": [CALL]}]])
def test_a_call_is_read_whole(documents: list[dict[str, Any]]) -> None:
    answer = Answer.of(events_of(*documents))
    assert [(call.id, call.name, call.arguments) for call in answer.tool_calls] == [("cohere_0", "f", '{"a":1}')]
    assert answer.finish_reason is FinishReason.TOOL_CALLS


def test_an_answer_without_its_end_is_interrupted() -> None:
    assert isinstance(decode(*TOLD[:-1])[-1], StreamInterrupted)
