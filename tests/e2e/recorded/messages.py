"""Reads requests of the Messages API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.e2e.recorded.members import (
    EFFORTS,
    Json,
    Members,
    NotSayable,
    base64_of,
    cache_of,
    choice_of,
    given,
    message_of,
    response_format_of,
    sampling_of,
    schema_of,
)


def messages(body: Members) -> Json:
    output = Members(body.take("output_config") or {}, "body.output_config")
    effort, form = output.take("effort"), output.take("format") or body.take("output_format")
    output.end()
    if effort is not None and effort not in EFFORTS - {"xhigh"}:  # the model that was recorded with it refuses it
        raise NotSayable(f"effort {effort}")
    named, budget, shown = _thinking(Members(body.take("thinking") or {}, "body.thinking"))
    effort = effort or named
    system = body.take("system") or []
    return {
        "messages": [
            *(message_of("system", [part]) for part in _blocks(system)),
            *(each for message in body.take("messages") for each in _turn(Members(message, "messages"))),
        ],
        "tools": [_messages_tool(Members(each, "tools")) for each in body.take("tools") or []],
        "toolChoice": _messages_choice(Members(body.take("tool_choice") or {}, "body.tool_choice")),
        "responseFormat": response_format_of(form and {"name": "response", **form}, nested=False),
        "sampling": sampling_of(body, effort) | given(reasoningBudgetTokens=budget, reasoningSummary=shown),
    }


def _thinking(thinking: Members) -> tuple[str | None, int | None, bool | None]:
    """Reads an effort or a budget of tokens, and whether the thinking is to be shown."""
    kind, budget, display = thinking.take("type"), thinking.take("budget_tokens"), thinking.take("display")
    thinking.end()
    shown = False if display == "omitted" else None  # as the models that hide it are asked to show it
    return {"adaptive": "high", "disabled": "none"}.get(kind), budget, shown


def _turn(message: Members) -> Iterator[Json]:
    role, parts = message.take("role"), list(_blocks(message.take("content")))
    message.end()
    results = [part for part in parts if "toolResult" in part]
    if results:
        yield {"role": "ROLE_TOOL", "parts": results}
    if rest := [part for part in parts if "toolResult" not in part]:
        yield message_of(role, rest)


def _blocks(content: Any) -> Iterator[Json]:
    for found in [{"type": "text", "text": content}] if isinstance(content, str) else content:
        block = Members(found, "messages.content")
        kind = block.take("type")
        cache = cache_of(block) if kind in ("text", "image", "document", "tool_result") else {}
        match kind:
            case "text":
                yield {"text": block.take("text"), **cache}
            case "image":
                yield {"image": _source(Members(block.take("source"), "messages.content.source")), **cache}
            case "document":
                source = Members(block.take("source"), "messages.content.source")
                yield {"file": _source(source) | given(filename=block.take("title")), **cache}
            case "thinking":
                seal = base64_of(block.take("signature").encode())
                yield {"reasoning": {"text": block.take("thinking"), "signature": seal}}
            case "redacted_thinking":
                yield {"reasoning": {"signature": base64_of(b"redacted_thinking:" + block.take("data").encode())}}
            case "tool_use":
                call = {"id": block.take("id"), "name": block.take("name")}
                yield {"toolCall": call | {"arguments": json.dumps(block.take("input"), sort_keys=True)}}
            case "tool_result":
                parts = list(_blocks(block.take("content") or [])) or [{"text": ""}]
                result = {"toolCallId": block.take("tool_use_id"), "parts": parts}
                yield {"toolResult": result | given(isError=block.take("is_error")), **cache}
            case kind:
                raise NotSayable(f"messages.content of type {kind}")
        block.end()


def _source(source: Members) -> Json:
    kind, media_type = source.take("type"), source.take("media_type")
    if kind == "url":
        read = {"uri": source.take("url")}
    elif kind in ("base64", "text"):
        data = source.take("data")
        read = {"data": data if kind == "base64" else base64_of(data.encode()), "mimeType": media_type}
    else:
        raise NotSayable(f"messages.content.source of type {kind}")
    source.end()
    return read


def _messages_tool(tool: Members) -> Json:
    if (kind := tool.take("type")) == "web_search_20250305":
        tool.only("name", "web_search")
        tool.end()
        return {"providerTool": {"name": "web_search"}}
    if kind not in (None, "custom"):
        raise NotSayable(f"tools of type {kind}")
    schema = tool.take("input_schema")
    read = given(name=tool.take("name"), description=tool.take("description"), strict=tool.take("strict"))
    cache = cache_of(tool)
    tool.end()
    return {"function": read | schema_of(schema, "parametersSchema"), **cache}


def _messages_choice(choice: Members) -> Json:
    modes = {"auto": "MODE_AUTO", "any": "MODE_REQUIRED", "none": "MODE_NONE", "tool": "MODE_TOOL", None: "MODE_AUTO"}
    mode, serial = modes[choice.take("type")], choice.take("disable_parallel_tool_use")
    return choice_of(mode, choice.take("name"), None if serial is None else not serial)
