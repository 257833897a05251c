"""Reads recorded requests into the prompts that they say."""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ymera_service.sdk.content import (
    Detail,
    Media,
    MediaKind,
    Message,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from ymera_service.sdk.generation import (
    Prompt,
    ProviderTool,
    ReasoningEffort,
    ResponseFormat,
    ResponseType,
    Sampling,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)

Json = dict[str, Any]
DETAILS = {"low": Detail.LOW, "high": Detail.HIGH}


def media(kind: MediaKind, address: str, filename: str = "", mime_type: str = "") -> Media:
    if found := re.match(r"data:([^;,]*);base64,", address):
        try:
            return Media(kind, found[1], b64decode(address[found.end() :], validate=True), filename=filename)
        except ValueError:
            pass
    return Media(kind, mime_type, uri=address, filename=filename)


def chat_part(part: Json) -> Iterator[Part]:
    kind = part["type"]
    if kind == "text":
        yield Text(part["text"])
    elif kind == "image_url":
        address = part["image_url"]
        picture = media(MediaKind.IMAGE, address if isinstance(address, str) else address["url"])
        yield replace(picture, detail=DETAILS.get("" if isinstance(address, str) else address.get("detail")))
    elif kind == "input_audio":
        audio = part["input_audio"]
        sound, form = (audio, "") if isinstance(audio, str) else (audio["data"], audio["format"])
        yield Media(MediaKind.AUDIO, f"audio/{form}" if form else "", b64decode(sound))
    elif kind == "file":
        yield media(MediaKind.FILE, part["file"]["file_data"], part["file"]["filename"])
    elif kind == "document_url":
        yield media(MediaKind.FILE, part["document_url"], part.get("document_name", ""))
    elif kind == "thinking":
        yield Reasoning("".join(inner["text"] for inner in part["thinking"]))
    else:
        pytest.skip(f"a prompt has no part of type {kind}")


def chat_parts(message: Json) -> Iterator[Part]:
    for detail in message.get("reasoning_details") or []:
        said = detail.get("text") or detail.get("summary") or ""
        yield Reasoning(said, json.dumps({k: v for k, v in detail.items() if k not in ("text", "summary")}).encode())
    if not message.get("reasoning_details") and (
        thought := message.get("reasoning_content") or message.get("reasoning")
    ):
        yield Reasoning(thought)
    content = message.get("content")
    if isinstance(content, str) and content:
        yield Text(content)
    for part in content if isinstance(content, list) else []:
        yield from chat_part(part)
    if message.get("refusal"):
        yield Refusal(message["refusal"])
    for call in message.get("tool_calls") or []:
        yield ToolCall(call["id"], call["function"]["name"], call["function"]["arguments"])


def chat_message(message: Json) -> Message:
    role = Role("system" if message["role"] == "developer" else message["role"])
    parts = tuple(chat_parts(message))
    if role is Role.TOOL:
        if any(isinstance(part, Media) for part in parts):
            pytest.skip("a tool's answer holds only text in OpenAI's form; the image follows it")
        texts = tuple(part for part in parts if isinstance(part, Text))
        parts = (ToolResult(message["tool_call_id"], texts or (Text(""),)),)
    return Message(role, parts)


def tool_choice(body: Json) -> ToolChoice:
    chosen, parallel = body.get("tool_choice") or "auto", body.get("parallel_tool_calls")
    if isinstance(chosen, dict):
        name = chosen["function"]["name"] if "function" in chosen else chosen["name"]
        return ToolChoice(ToolChoiceMode.TOOL, name, parallel)
    return ToolChoice(ToolChoiceMode("required" if chosen == "any" else chosen), "", parallel)


def tools(body: Json) -> tuple[Tool, ...]:
    found = []
    for entry in body.get("tools") or []:
        if entry["type"] != "function":
            continue
        function = entry.get("function", entry)
        schema = json.dumps(function["parameters"]) if "parameters" in function else ""
        found.append(Tool(function["name"], function.get("description") or "", schema, bool(function.get("strict"))))
    return tuple(found)


def provider_tools(body: Json) -> tuple[ProviderTool, ...]:
    hosted = [dict(entry) for entry in body.get("tools") or [] if entry["type"] != "function"]
    return tuple(ProviderTool(entry.pop("type"), "vendor", entry) for entry in hosted)


def response_format(form: Json | None) -> ResponseFormat:
    if not form or form["type"] == "text":
        return ResponseFormat()
    if form["type"] == "json_object":
        return ResponseFormat(ResponseType.JSON_OBJECT)
    chosen = form.get("json_schema", form)
    return ResponseFormat(
        ResponseType.JSON_SCHEMA, chosen["name"], json.dumps(chosen["schema"]), bool(chosen.get("strict"))
    )


def effort(body: Json) -> ReasoningEffort | None:
    chosen = body.get("reasoning_effort") or (body.get("reasoning") or {}).get("effort")
    return ReasoningEffort(chosen) if chosen in set(ReasoningEffort) else None


def sampling(body: Json) -> Sampling:
    limits = (body.get(name) for name in ("max_completion_tokens", "max_tokens", "max_output_tokens"))
    stop = body.get("stop") or []
    return Sampling(
        temperature=body.get("temperature"),
        top_p=body.get("top_p"),
        top_k=body.get("top_k"),
        max_output_tokens=next((limit for limit in limits if limit is not None), None),
        stop_sequences=(stop,) if isinstance(stop, str) else tuple(stop),
        seed=body.get("seed"),
        frequency_penalty=body.get("frequency_penalty"),
        presence_penalty=body.get("presence_penalty"),
        reasoning_effort=effort(body),
        logprobs=(body.get("top_logprobs") or 0) if body.get("logprobs") else None,
    )


def chat_prompt(body: Json) -> Prompt:
    messages = tuple(chat_message(message) for message in body["messages"])
    return Prompt(
        messages,
        tools(body),
        tool_choice(body),
        response_format(body.get("response_format")),
        sampling(body),
        provider_tools(body),
    )


def response_part(part: Json) -> Part:
    kind = part["type"]
    if kind in ("input_text", "output_text"):
        return Text(part["text"])
    if kind == "input_image":
        return media(MediaKind.IMAGE, part["image_url"])
    assert kind == "input_file"
    return media(MediaKind.FILE, part["file_data"], part["filename"])


def response_message(item: Json) -> Message | None:
    kind = item.get("type", "message")
    if kind == "function_call":
        return Message(Role.ASSISTANT, (ToolCall(item["call_id"], item["name"], item["arguments"]),))
    if kind == "function_call_output":
        return Message(Role.TOOL, (ToolResult(item["call_id"], (Text(item["output"]),)),))
    if kind == "reasoning":
        if not item.get("encrypted_content"):
            return None
        seal = {name: item[name] for name in ("id", "encrypted_content") if name in item}
        said = "\n".join(part["text"] for part in item["summary"])
        return Message(Role.ASSISTANT, (Reasoning(said, json.dumps(seal).encode()),))
    content = item["content"]
    parts: tuple[Part, ...] = (Text(content),) if isinstance(content, str) else tuple(map(response_part, content))
    return Message(Role(item["role"]), parts)


def response_prompt(body: Json) -> Prompt:
    messages = tuple(message for item in items_of(body) if (message := response_message(item)))
    form = response_format((body.get("text") or {}).get("format"))
    return Prompt(messages, tools(body), tool_choice(body), form, sampling(body), provider_tools(body))


def items_of(body: Json) -> list[Json]:
    items = body["input"] if isinstance(body["input"], list) else [{"role": "user", "content": body["input"]}]
    instructions = body.get("instructions")
    return [{"role": "system", "content": instructions}, *items] if instructions else items
