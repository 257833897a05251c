"""Reads requests of the Responses API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.e2e.recorded.members import (
    EFFORTS,
    Json,
    Members,
    NotSayable,
    arguments_of,
    base64_of,
    image_of,
    media_of,
    message_of,
    response_format_of,
    sampling_of,
    tool_choice_of,
    tool_of,
)


def response(body: Members) -> Json:
    text = Members(body.take("text") or {}, "body.text")
    form, instructions, items = text.take("format"), body.take("instructions"), body.take("input")
    text.end()
    body.only("include", ["reasoning.encrypted_content"], [])
    reasoning = Members(body.take("reasoning") or {}, "body.reasoning")
    effort = reasoning.take("effort")
    reasoning.end()
    if effort is not None and effort not in EFFORTS:
        raise NotSayable(f"effort {effort}")
    items = [{"role": "user", "content": items}] if isinstance(items, str) else items
    return {
        "messages": [
            *([message_of("system", [{"text": instructions}])] if instructions else []),
            *(_response_item(Members(item, "input")) for item in items),
        ],
        "tools": [tool_of(Members(each, "tools"), nested=False) for each in body.take("tools") or []],
        "toolChoice": tool_choice_of(body),
        "responseFormat": response_format_of(form, nested=False),
        "sampling": sampling_of(body, effort),
    }


def _response_item(item: Members) -> Json:
    kind = item.take("type") or "message"
    if kind == "reasoning":
        return _response_reasoning(item)
    item.take("id", "status")  # of use only where the vendor keeps the answer
    if kind == "message":
        read = message_of(item.take("role"), list(_response_parts(item.take("content"))))
    elif kind == "function_call":
        call = {
            "id": item.take("call_id"),
            "name": item.take("name"),
            "arguments": arguments_of(item.take("arguments")),
        }
        read = message_of("assistant", [{"toolCall": call}])
    elif kind == "function_call_output":
        parts = list(_response_parts(item.take("output"))) or [{"text": ""}]
        result = {"toolCallId": item.take("call_id"), "parts": parts}
        read = {"role": "ROLE_TOOL", "parts": [{"toolResult": result}]}
    else:
        raise NotSayable(f"input of type {kind}")
    item.end()
    return read


def _response_reasoning(item: Members) -> Json:
    """Reads thinking as our decoder does: the text of the summary, or else of the content, and the rest as its seal."""
    item.take("status")
    summary, content = item.take("summary") or [], item.take("content") or []
    seal = {name: value for name in ("id", "encrypted_content") if (value := item.take(name))}
    item.end()
    if not seal.get("encrypted_content") and not (summary or content):
        raise NotSayable("input of type reasoning with nothing but the id of what the vendor keeps")
    if summary and content:
        seal["content"] = content
    elif content:
        seal["summary"] = []
    text = "\n".join(part["text"] for part in summary or content)
    signature = base64_of(json.dumps(seal, sort_keys=True).encode())
    return message_of("assistant", [{"reasoning": {"text": text, "signature": signature}}])


def _response_parts(content: Any) -> Iterator[Json]:
    for found in [{"type": "input_text", "text": content}] if isinstance(content, str) else content:
        part = Members(found, "input.content")
        kind = part.take("type")
        part.only("annotations", [])
        part.only("logprobs", [])
        if kind in ("input_text", "output_text"):
            yield {"text": part.take("text")}
        elif kind == "input_image":
            yield {"image": image_of(part.take("image_url"))}
        elif kind == "input_file":
            yield {"file": media_of(part.take("file_data", "file_url"), part.take("filename"))}
        else:
            raise NotSayable(f"input.content of type {kind}")
        part.end()
