"""OpenAI's chat completions, the format of imported models and of endpoints of the marketplace.

See https://docs.aws.amazon.com/bedrock/latest/userguide/invoke-imported-model.html.
"""

from collections.abc import Iterator

import orjson

from ymera_bedrock.invoke.events import Event, answer_of, metrics, stopped, text_of, usage_of
from ymera_service.sdk.errors import InvalidProviderRequest, MalformedResponse, StreamInterrupted
from ymera_service.sdk.wire.json_reader import (
    Json,
    as_object,
    breaks_off,
    count,
    member,
    members,
    required,
    strict_object,
    text,
    words,
)

_NAMES = ("prompt_tokens", "completion_tokens", "total_tokens")
_SAMPLERS = {"maxTokens": "max_tokens", "temperature": "temperature", "topP": "top_p", "stopSequences": "stop"}
_THOUGHTS = ("reasoning_content", "reasoning")
"""Where servers put what a model thinks."""


def request(body: Json, limit: int) -> Json:
    """See `Format.request`."""
    config = member(body, "inferenceConfig")
    system = [{"role": "system", "content": text_of(body["system"])}] if "system" in body else []
    turns = [message for turn in body["messages"] for message in _messages(turn)]
    encoded: Json = {
        "messages": [*system, *turns],
        **{theirs: config[ours] for ours, theirs in _SAMPLERS.items() if ours in config},
        **_tools(member(body, "toolConfig")),
        **member(body, "additionalModelRequestFields"),
    }
    if wanted := member(member(body, "outputConfig"), "textFormat"):
        definition = wanted["structure"]["jsonSchema"]
        schema = {**definition, "schema": orjson.Fragment(definition["schema"])}
        encoded["response_format"] = {"type": "json_schema", "json_schema": schema}
    return encoded


def _messages(turn: Json) -> Iterator[Json]:
    """Yields the results of tools as messages of their own, and then the rest of a turn."""
    content: list[Json] = turn["content"]
    for result in (block["toolResult"] for block in content if "toolResult" in block):
        if any("text" not in block for block in result["content"]):
            raise InvalidProviderRequest("the results of tools are texts in the format of chat completions")
        yield {"role": "tool", "tool_call_id": result["toolUseId"], "content": text_of(result["content"])}
    rest = [block for block in content if "toolResult" not in block and "cachePoint" not in block]
    if turn["role"] == "assistant":
        calls = [_call(block["toolUse"]) for block in rest if "toolUse" in block]
        yield {"role": "assistant", "content": text_of(rest) or None, **({"tool_calls": calls} if calls else {})}
    elif rest:
        pictured = any("text" not in block for block in rest)
        yield {"role": "user", "content": [*map(_part, rest)] if pictured else text_of(rest)}


def _call(use: Json) -> Json:
    arguments = orjson.dumps(use["input"]).decode()
    return {"id": use["toolUseId"], "type": "function", "function": {"name": use["name"], "arguments": arguments}}


def _part(block: Json) -> Json:
    if "text" in block:
        return {"type": "text", "text": block["text"]}
    image = member(block, "image")
    data = text(member(image, "source"), "bytes")
    if not data:
        raise InvalidProviderRequest("the format of chat completions takes texts and the bytes of pictures alone")
    return {"type": "image_url", "image_url": {"url": f"data:image/{image['format']};base64,{data}"}}


def _tools(config: Json) -> Json:
    tools = [_tool(each) for each in members(config, "tools") if "cachePoint" not in each]
    if not tools:
        return {}
    choice = member(config, "toolChoice")
    if "tool" in choice:
        named = {"type": "function", "function": {"name": choice["tool"]["name"]}}
        return {"tools": tools, "tool_choice": named}
    return {"tools": tools} | ({"tool_choice": "required"} if choice else {})


def _tool(each: Json) -> Json:
    if "toolSpec" not in each:
        raise InvalidProviderRequest("the model has no tools of Bedrock's own")
    spec = each["toolSpec"]
    rest = {name: value for name, value in spec.items() if name != "inputSchema"}
    return {"type": "function", "function": {**rest, "parameters": spec["inputSchema"]["json"]}}


def answer(document: Json) -> Json:
    """See `Format.answer`."""
    choice = as_object(next(iter(required(document, "choices", list)), None))
    message = required(choice, "message", dict, "choices")
    content: list[Json] = [*map(_use, members(message, "tool_calls"))]
    if said := words(message, "content"):
        content.insert(0, {"text": said})
    if thought := _thought(message):
        content.insert(0, {"reasoningContent": {"reasoningText": {"text": thought}}})
    return answer_of(content, text(choice, "finish_reason"), _usage(document))


def _thought(message: Json) -> str:
    return next((found for name in _THOUGHTS if (found := words(message, name))), "")


def _use(call: Json) -> Json:
    function = member(call, "function")
    written = words(function, "arguments") or "{}"
    if breaks_off(written):
        raise StreamInterrupted("the answer broke off within a tool call")
    arguments = strict_object(written)
    if arguments is None:
        raise MalformedResponse("the arguments of a tool are not a JSON object")
    return {"toolUse": {"toolUseId": text(call, "id"), "name": text(function, "name"), "input": arguments}}


def _usage(document: Json) -> Json:
    counts = member(document, "usage")
    cached = count(member(counts, "prompt_tokens_details"), "cached_tokens") or 0
    found = usage_of(counts, "", "", _NAMES)
    if not found:
        return metrics(document)
    cached = min(cached, found.get("inputTokens", 0))
    return {**found, "inputTokens": found.get("inputTokens", 0) - cached, "cacheReadInputTokens": cached}


class StreamEvents:
    """Turns the chunks of one stream into Converse's events.

    Thinking, text and each call are a block; a call begins with its name, and its later chunks have its index.
    """

    def __init__(self) -> None:
        self._calls: set[int] = set()

    def __call__(self, document: Json) -> Iterator[Event]:
        for choice in members(document, "choices")[:1]:
            yield from self._delta(member(choice, "delta"))
            if reason := text(choice, "finish_reason"):
                yield "messageStop", stopped(reason)
        if usage := _usage(document):
            yield "metadata", {"usage": usage}

    def _delta(self, delta: Json) -> Iterator[Event]:
        if thought := _thought(delta):
            yield "contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": thought}}}
        if said := words(delta, "content"):
            yield "contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": said}}
        for call in members(delta, "tool_calls"):
            index, function = count(call, "index") or 0, member(call, "function")
            at = {"contentBlockIndex": index + 2}
            if index not in self._calls:
                self._calls.add(index)
                use = {"toolUseId": text(call, "id"), "name": text(function, "name")}
                yield "contentBlockStart", {**at, "start": {"toolUse": use}}
            if piece := words(function, "arguments"):
                yield "contentBlockDelta", {**at, "delta": {"toolUse": {"input": piece}}}
