"""Reads requests for chat completions, with the members of all vendors, and for legacy completions."""

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
    cache_of,
    image_of,
    media_of,
    message_of,
    response_format_of,
    sampling_of,
    tool_choice_of,
    tool_of,
)

SOUNDS = {"mpeg": "mp3", "x-wav": "wav", "wave": "wav"}
"""Names of one format of sound."""


def chat(body: Members) -> Json:
    form = body.take("response_format")
    body.only("usage", {"include": True})
    body.only("n", 1)
    return {
        "messages": [each for message in body.take("messages") or [] for each in _chat_message(message)],
        "tools": [tool_of(Members(each, "tools"), nested=True) for each in body.take("tools") or []],
        "toolChoice": tool_choice_of(body),
        "responseFormat": response_format_of(form, nested=True),
        "sampling": sampling_of(body, _chat_effort(body)),
    }


def completion(body: Members) -> Json:
    text = body.take("prompt")
    if not isinstance(text, str):
        raise NotSayable("body.prompt of several texts or of tokens")
    body.only("n", 1)
    return {"messages": [message_of("user", [{"text": text}])], "sampling": sampling_of(body, None)}


def _chat_message(found: Json) -> Iterator[Json]:
    message = Members(found, "messages")
    role, content = message.take("role"), message.take("content")
    message.only("annotations", [])
    if role == "tool":
        call, parts = message.take("tool_call_id"), list(_chat_parts(content)) or [{"text": ""}]
        message.end()
        yield {"role": "ROLE_TOOL", "parts": [{"toolResult": {"toolCallId": call, "parts": parts}}]}
        return
    parts = [*_chat_thoughts(message), *_chat_parts(content)]
    if refusal := message.take("refusal"):
        parts.append({"refusal": refusal})
    parts += [_chat_call(Members(call, "messages.tool_calls")) for call in message.take("tool_calls") or []]
    message.end()
    yield message_of(role, parts or [{"text": ""}])


def _chat_thoughts(message: Members) -> Iterator[Json]:
    details = message.take("reasoning_details")
    if (thought := message.take("reasoning_content", "reasoning")) and not details:
        yield {"reasoning": {"text": thought}}
    for detail in details or []:
        said = detail.get("text") or detail.get("summary") or ""
        seal = {name: value for name, value in detail.items() if name not in ("text", "summary") and value is not None}
        yield {"reasoning": {"text": said, "signature": base64_of(json.dumps(seal).encode())}}


def _chat_call(call: Members) -> Json:
    id_, function = call.take("id"), Members(call.take("function"), "messages.tool_calls.function")
    call.only("type", "function")
    call.take("index")
    call.end()
    read = {"id": id_, "name": function.take("name"), "arguments": arguments_of(function.take("arguments"))}
    function.only("parsed_arguments")
    function.end()
    return {"toolCall": read}


def _chat_parts(content: Any) -> Iterator[Json]:
    for found in [{"type": "text", "text": content}] if isinstance(content, str) else content or []:
        part = Members(found, "messages.content")
        kind = part.take("type")
        if kind == "text":
            yield {"text": part.take("text"), **cache_of(part)}
        elif kind == "image_url":
            yield {"image": image_of(part.take("image_url")), **cache_of(part)}
        elif kind == "video_url":
            yield {"video": image_of(part.take("video_url"))}
        elif kind == "input_audio":
            yield {"audio": _audio(part.take("input_audio"))}
        elif kind == "document_url":
            yield {"file": media_of(part.take("document_url"), part.take("document_name"))}
        elif kind == "file":
            file = Members(part.take("file"), "messages.content.file")
            yield {"file": media_of(file.take("file_data"), file.take("filename"))}
            file.end()
        elif kind == "thinking":
            yield {"reasoning": {"text": "".join(inner["text"] for inner in part.take("thinking"))}}
        else:
            raise NotSayable(f"messages.content of type {kind}")
        part.end()


def _chat_effort(body: Members) -> str | None:
    """Reads how much to think, in the fields of all vendors."""
    effort, enabled, switch = body.take("reasoning_effort"), body.take("enable_thinking"), body.take("thinking")
    reasoning = Members(body.take("reasoning") or {}, "body.reasoning")
    effort = effort or reasoning.take("effort")
    reasoning.end()
    if switch is not None:
        thinking = Members(switch, "body.thinking")
        enabled = thinking.take("type") == "enabled"
        thinking.end()
    if effort is not None and effort not in EFFORTS:
        raise NotSayable(f"effort {effort}")
    return effort or (None if enabled is None else "high" if enabled else "none")


def _audio(found: Any) -> Json:
    if isinstance(found, str):
        return {"uri": found} if found.startswith("https:") else {"data": found, "mimeType": "audio/mp3"}
    sound = Members(found, "input_audio")
    kind = sound.take("format")
    read = {"data": sound.take("data"), "mimeType": f"audio/{SOUNDS.get(kind, kind)}"}
    sound.end()
    return read
