"""Our requests mean the same as those of the recorded clients, in every field that a prompt has.

Each recorded request is read into a prompt, that prompt is encoded, and both are compared after what means the same
was written alike. Encoded otherwise on purpose:

- `metadata`, `citations`, `caller` and `title` beside a document are not part of a prompt.
- How much to think is an effort here, or a budget of tokens: a model that takes the adaptive form
  gets that and its effort named, and one that hides its thinking is asked to show it.
- Neighbouring turns of one speaker are one turn, as the API itself takes them, and blank texts are left out.
- `tool_choice: auto` is what is meant without it.
- `output_format` of the beta is `output_config.format` now.
- A temperature that the API would refuse as too high is lowered to its maximum.
"""

import json
from base64 import b64decode
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

import orjson
import pytest
from recordings import recorded
from ymera_anthropic.dialect import MessagesDialect
from ymera_anthropic.signatures import sealed

from ymera_service.sdk.content import (
    CacheHint,
    Media,
    MediaKind,
    Message,
    Part,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from ymera_service.sdk.generation import (
    GenerateRequest,
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

Record = dict[str, Any]

REQUESTS: dict[str, Record] = {
    each["id"]: each["request"]["json"]
    for each in recorded("*/*.json")
    if each["endpoint"].startswith("messages") and each["request"]["json"]
}

MODES = {
    "auto": ToolChoiceMode.AUTO,
    "any": ToolChoiceMode.REQUIRED,
    "tool": ToolChoiceMode.TOOL,
    "none": ToolChoiceMode.NONE,
}
NOT_OURS = {"citations", "caller", "title", "metadata"}


class NotInAPromptError(Exception):
    """The recorded request holds something that a prompt has no word for."""


# Reading a recorded request.


def prompt_of(body: Record) -> Prompt:
    if "cache_control" in body:
        raise NotInAPromptError("caching of everything")
    system = [Message(Role.SYSTEM, (Text(each["text"], hint_of(each)),)) for each in blocks(body.get("system") or [])]
    output = body.get("output_config") or {}
    schema = output.get("format") or body.get("output_format")
    return Prompt(
        (*system, *(message_of(each) for each in body["messages"])),
        tools=tuple(tool_of(each) for each in body.get("tools") or [] if "input_schema" in each),
        provider_tools=tuple(server_tool_of(each) for each in body.get("tools") or [] if "input_schema" not in each),
        tool_choice=choice_of(body.get("tool_choice") or {"type": "auto"}),
        response_format=ResponseFormat(ResponseType.JSON_SCHEMA, schema=json.dumps(schema["schema"]))
        if schema
        else ResponseFormat(),
        sampling=Sampling(
            temperature=body.get("temperature"),
            top_p=body.get("top_p"),
            top_k=body.get("top_k"),
            max_output_tokens=body.get("max_tokens"),
            stop_sequences=tuple(body.get("stop_sequences") or ()),
            reasoning_effort=effort_of(body.get("thinking"), output.get("effort")),
            reasoning_budget_tokens=(body.get("thinking") or {}).get("budget_tokens"),
        ),
    )


def blocks(content: Any) -> list[Record]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def message_of(message: Record) -> Message:
    return Message(Role(message["role"]), tuple(part_of(each) for each in blocks(message["content"])))


def part_of(block: Record) -> Part:
    match block["type"]:
        case "text":
            return Text(block["text"], hint_of(block))
        case "thinking":
            return Reasoning(block["thinking"], block["signature"].encode())
        case "redacted_thinking":
            return Reasoning("", sealed(block["data"]))
        case "tool_use":
            return ToolCall(block["id"], block["name"], json.dumps(block["input"]))
        case "tool_result":
            parts = tuple(part_of(each) for each in blocks(block.get("content") or []))
            assert all(isinstance(part, Text | Media) for part in parts)
            error = block.get("is_error", False)
            return ToolResult(block["tool_use_id"], parts, error, hint_of(block))  # type: ignore[arg-type]  # asserted
        case "image" | "document" as kind:
            media = media_of(MediaKind.IMAGE if kind == "image" else MediaKind.FILE, block["source"])
            return replace(media, cache=hint_of(block))
        case other:
            raise NotInAPromptError(f"block {other}")


def hint_of(block: Record) -> CacheHint | None:
    marked = block.get("cache_control")
    return None if marked is None else CacheHint(3_600.0 if marked.get("ttl") == "1h" else None)


def media_of(kind: MediaKind, source: Record) -> Media:
    match source["type"]:
        case "base64":
            return Media(kind, source["media_type"], b64decode(source["data"]))
        case "url":
            return Media(kind, uri=source["url"])
        case "text":
            return Media(kind, source["media_type"], source["data"].encode())
        case "file":
            return Media(kind, file_id=source["file_id"], provider="anthropic")
        case other:
            raise NotInAPromptError(f"source {other}")


def tool_of(tool: Record) -> Tool:
    if not isinstance(tool["input_schema"], dict):
        raise NotInAPromptError("a schema that is not an object")
    schema, strict = json.dumps(tool["input_schema"]), tool.get("strict", False)
    return Tool(tool["name"], tool.get("description", ""), schema, strict, hint_of(tool))


def server_tool_of(tool: Record) -> ProviderTool:
    return ProviderTool(tool["type"], "anthropic", without(tool, {"type", "name", "cache_control"}), hint_of(tool))


def choice_of(choice: Record) -> ToolChoice:
    parallel = choice.get("disable_parallel_tool_use")
    return ToolChoice(MODES[choice["type"]], choice.get("name", ""), None if parallel is None else not parallel)


def effort_of(thinking: Record | None, named: str | None) -> ReasoningEffort | None:
    if named:
        return ReasoningEffort(named)
    match thinking:
        case {"type": "adaptive"}:
            return ReasoningEffort.HIGH  # the API's default
        case _:
            return None


# Writing alike what means the same.


def alike(body: Record) -> Record:
    same = {
        name: value for name, value in body.items() if name not in {*NOT_OURS, "system", "output_format", "thinking"}
    }
    system = blocks(body.get("system") or [])
    same["system"] = "\n\n".join(each["text"] for each in system)
    same["cached"] = [number for number, each in enumerate(system) if "cache_control" in each]
    same["messages"] = list(turns(body["messages"]))
    same["tools"] = [{"description": "", **without(each, NOT_OURS)} for each in body.get("tools") or []]
    if body.get("tool_choice") == {"type": "auto"}:
        del same["tool_choice"]
    if schema := body.get("output_format"):
        same["output_config"] = {"format": schema}
    named = (body.get("output_config") or {}).get("effort")
    same["thinking"] = (body.get("thinking") or {}).get("budget_tokens") or bool(body.get("thinking") or named)
    same["output_config"] = without(same.get("output_config") or {}, {"effort"})
    same["stream"] = body.get("stream", False)
    return same


def turns(messages: Iterable[Record]) -> Iterator[Record]:
    for role, same in groupby(messages, key=lambda message: message["role"]):
        content = [without(block_alike(each), NOT_OURS) for message in same for each in blocks(message["content"])]
        yield {"role": role, "content": [each for each in content if each.get("text", "x").strip()]}


def block_alike(block: Record) -> Record:
    if block.get("cache_control", {}).get("ttl") == "5m":
        block = block | {"cache_control": {"type": "ephemeral"}}
    if block["type"] != "tool_result":
        return block
    return block | {
        "content": [without(each, NOT_OURS) for each in blocks(block.get("content") or [])],
        "is_error": bool(block.get("is_error")),
    }


def without(holder: Record, names: set[str]) -> Record:
    return {name: value for name, value in holder.items() if name not in names}


def readable() -> dict[str, Prompt | str]:
    prompts: dict[str, Prompt | str] = {}
    for name, body in REQUESTS.items():
        try:
            prompts[name] = prompt_of(body)
        except NotInAPromptError as error:
            prompts[name] = str(error)
    return prompts


PROMPTS = readable()
WORKING = {name: prompt for name, prompt in PROMPTS.items() if isinstance(prompt, Prompt)}


@pytest.mark.parametrize("name", [name for name in WORKING if "count_tokens" not in name])
def test_a_recorded_request_is_asked_the_same(name: str) -> None:
    body, prompt = REQUESTS[name], WORKING[name]
    stream = body.get("stream", False)
    request = MessagesDialect("2023-06-01").encode(GenerateRequest(body["model"], prompt, stream))
    assert (request.method, request.url) == ("POST", "/messages")
    assert alike(orjson.loads(request.body)) == alike(body)


@pytest.mark.parametrize("name", [name for name in WORKING if "count_tokens" in name])
def test_a_recorded_count_is_asked_the_same(name: str) -> None:
    body = REQUESTS[name]
    request = MessagesDialect("2023-06-01").encode_count(WORKING[name], body["model"])
    assert (request.method, request.url) == ("POST", "/messages/count_tokens")
    assert alike(orjson.loads(request.body)) == alike(body)


def test_only_what_a_prompt_has_no_word_for_is_left_out_of_the_proof() -> None:
    left_out = {prompt for prompt in PROMPTS.values() if isinstance(prompt, str)}
    assert left_out <= {
        "a schema that is not an object",
        "block search_result",
        "caching of everything",
    }
    assert len(WORKING) > 0.9 * len(PROMPTS)
