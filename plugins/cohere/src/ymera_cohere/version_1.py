"""Reads what version 1 of the API answers, as older servers and proxies do, by translating it into version 2.

See https://docs.cohere.com/v1/reference/chat.
"""

from collections.abc import Iterator

import orjson

from ymera_service.sdk.wire.json_reader import Json, member, members, text, words


def is_event(document: Json) -> bool:
    """Returns whether a document is an event of version 1."""
    return "event_type" in document


def is_answer(document: Json) -> bool:
    """Returns whether a document is a whole answer of version 1."""
    return isinstance(document.get("text"), str) and not document.get("message")


def events(event: Json) -> Iterator[Json]:
    """Yields the events of version 2 that correspond to an event; none for those of other types.

    A call comes in pieces first, and then whole: the pieces are passed over.
    """
    match text(event, "event_type"):
        case "stream-start":
            yield {"type": "message-start", "id": text(event, "generation_id")}
        case "text-generation":
            yield _said(words(event, "text"))
        case "citation-generation":
            for citation in members(event, "citations"):
                yield {"type": "citation-start", "delta": {"message": {"citations": _cited(citation)}}}
        case "tool-calls-generation":
            for index, call in enumerate(members(event, "tool_calls")):
                yield {
                    "type": "tool-call-start",
                    "index": index,
                    "delta": {"message": {"tool_calls": _call(index, call)}},
                }
        case "stream-end":
            yield {"type": "message-end", "delta": _end(event, member(event, "response"))}


def answer(document: Json) -> Json:
    """Returns the whole answer of version 2 that an answer is."""
    message = {
        "content": [{"type": "text", "text": words(document, "text")}],
        "tool_calls": [_call(index, call) for index, call in enumerate(members(document, "tool_calls"))],
        "citations": [_cited(citation) for citation in members(document, "citations")],
    }
    return {"id": text(document, "generation_id"), "message": message, **_end(document, document)}


def _said(words: str) -> Json:
    return {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": words}}}}


def _call(index: int, call: Json) -> Json:
    """Returns a call, which has no id in version 1."""
    arguments = orjson.dumps(member(call, "parameters")).decode()
    return {"id": f"cohere_{index}", "function": {"name": text(call, "name"), "arguments": arguments}}


def _cited(citation: Json) -> Json:
    sources = [{"id": name} for name in citation.get("document_ids") or () if isinstance(name, str)]
    return {**citation, "sources": sources}


def _end(event: Json, response: Json) -> Json:
    return {"finish_reason": text(event, "finish_reason"), "usage": member(response, "meta")}
