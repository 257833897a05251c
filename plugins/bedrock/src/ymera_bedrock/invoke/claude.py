"""Claude's format, which is Anthropic's Messages API without the name of the model.

See https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html.
"""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from orjson import Fragment

from ymera_bedrock.invoke.events import Event, answer_of, metrics, stopped, usage_of
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.wire.json_reader import Json, as_object, count, member, required, text, words

_VERSION = "bedrock-2023-05-31"
_TYPES: Mapping[str, str] = {"pdf": "application/pdf", "txt": "text/plain"}
_NAMES = ("input_tokens", "output_tokens", "")
_SAMPLERS = {"temperature": "temperature", "topP": "top_p", "stopSequences": "stop_sequences"}


def request(body: Json, limit: int) -> Json:
    """See `Format.request`."""
    config, output = member(body, "inferenceConfig"), member(body, "outputConfig")
    encoded: Json = {
        "anthropic_version": _VERSION,
        "max_tokens": config.get("maxTokens", limit),
        "messages": [{**turn, "content": _blocks(turn["content"])} for turn in body["messages"]],
        **({"system": _blocks(body["system"])} if "system" in body else {}),
        **{theirs: config[ours] for ours, theirs in _SAMPLERS.items() if ours in config},
        **_tools(member(body, "toolConfig")),
        **member(body, "additionalModelRequestFields"),
    }
    if output:
        encoded["output_config"] = _output(output)
    return encoded


def _blocks(blocks: list[Json]) -> list[Json]:
    """Returns the blocks; a point for the cache is a member of the block before it."""
    encoded: list[Json] = []
    for block in blocks:
        if "cachePoint" in block:
            _mark(encoded[-1], block["cachePoint"])
        else:
            encoded.append(_block(block))
    return encoded


def _mark(block: Json, point: Json) -> None:
    block["cache_control"] = {"type": "ephemeral", **({"ttl": point["ttl"]} if "ttl" in point else {})}


def _block(block: Json) -> Json:
    [(kind, value)] = block.items()
    match kind:
        case "text":
            return {"type": "text", "text": value}
        case "image":
            return {"type": "image", "source": _source(value, f"image/{value['format']}")}
        case "document" if value["format"] in _TYPES:
            return {"type": "document", "source": _source(value, _TYPES[value["format"]]), "title": value["name"]}
        case "toolUse":
            return {"type": "tool_use", "id": value["toolUseId"], "name": value["name"], "input": value["input"]}
        case "toolResult":
            failed = {"is_error": True} if value.get("status") == "error" else {}
            content = _blocks(value["content"])
            return {"type": "tool_result", "tool_use_id": value["toolUseId"], "content": content, **failed}
        case "reasoningContent":
            return _thinking(value)
    raise InvalidProviderRequest(f"Claude's format has no {kind} of this kind")


def _source(media: Json, mime_type: str) -> Json:
    source = member(media, "source")
    if "bytes" not in source:
        raise InvalidProviderRequest("InvokeModel fetches no media from S3: send the bytes instead")
    if mime_type == "text/plain":
        return {"type": "text", "media_type": mime_type, "data": b64decode(source["bytes"]).decode("utf-8", "replace")}
    return {"type": "base64", "media_type": mime_type, "data": source["bytes"]}


def _thinking(value: Json) -> Json:
    if "redactedContent" in value:
        return {"type": "redacted_thinking", "data": value["redactedContent"]}
    thought = value["reasoningText"]
    return {"type": "thinking", "thinking": thought["text"], "signature": thought["signature"]}


def _tools(config: Json) -> Json:
    if not config:
        return {}
    tools: list[Json] = []
    for each in config["tools"]:
        if "cachePoint" in each:
            _mark(tools[-1], each["cachePoint"])
            continue
        if "toolSpec" not in each:
            raise InvalidProviderRequest("Claude has no tools of Bedrock's own")
        spec = each["toolSpec"]
        rest = {name: value for name, value in spec.items() if name != "inputSchema"}
        tools.append({**rest, "input_schema": spec["inputSchema"]["json"]})
    choice = member(config, "toolChoice")
    if "tool" in choice:
        return {"tools": tools, "tool_choice": {"type": "tool", "name": choice["tool"]["name"]}}
    return {"tools": tools} | ({"tool_choice": {"type": "any"}} if choice else {})


def _output(output: Json) -> Json:
    """Returns the effort, and the schema of the answer."""
    encoded: dict[str, Any] = {"effort": output["effort"]} if "effort" in output else {}
    if "textFormat" in output:
        schema = Fragment(output["textFormat"]["structure"]["jsonSchema"]["schema"])
        encoded["format"] = {"type": "json_schema", "schema": schema}
    return encoded


def answer(document: Json) -> Json:
    """See `Format.answer`."""
    content = [_read(as_object(each)) for each in required(document, "content", list)]
    counts = _usage(member(document, "usage"))
    return answer_of(content, text(document, "stop_reason"), counts, document.get("stop_sequence"))


def _read(block: Json) -> Json:
    match text(block, "type"):
        case "text":
            return {"text": words(block, "text")}
        case "thinking":
            thought = {"text": words(block, "thinking"), "signature": text(block, "signature")}
            return {"reasoningContent": {"reasoningText": thought}}
        case "redacted_thinking":
            return {"reasoningContent": {"redactedContent": words(block, "data")}}
        case "tool_use":
            use = {"toolUseId": text(block, "id"), "name": text(block, "name")}
            return {"toolUse": {**use, "input": block.get("input")}}
        case kind:
            return {kind or "unknown": block}


def _usage(counts: Json) -> Json:
    return usage_of(counts, "cache_read_input_tokens", "cache_creation_input_tokens", _NAMES)


class StreamEvents:
    """Turns the events of one stream into Converse's; `message_stop` ends it."""

    def __init__(self) -> None:
        self._usage: Json = {}
        self._stop: Json = {}

    def __call__(self, document: Json) -> Iterator[Event]:
        at = {"contentBlockIndex": count(document, "index") or 0}
        match text(document, "type"):
            case "message_start":
                self._usage |= _usage(member(member(document, "message"), "usage"))
            case "content_block_start":
                yield from _start(at, member(document, "content_block"))
            case "content_block_delta":
                yield from _delta(at, member(document, "delta"))
            case "content_block_stop":
                yield "contentBlockStop", at
            case "message_delta":
                self._usage |= _usage(member(document, "usage"))
                delta = member(document, "delta")
                self._stop = stopped(text(delta, "stop_reason"), delta.get("stop_sequence"))
            case "message_stop":
                yield "messageStop", self._stop
                yield "metadata", {"usage": self._usage or metrics(document)}


def _start(at: Json, block: Json) -> Iterator[Event]:
    if text(block, "type") == "tool_use":
        use = {"toolUseId": text(block, "id"), "name": text(block, "name")}
        yield "contentBlockStart", {**at, "start": {"toolUse": use}}
    elif text(block, "type") == "redacted_thinking":
        yield "contentBlockDelta", {**at, "delta": {"reasoningContent": {"redactedContent": words(block, "data")}}}


def _delta(at: Json, delta: Json) -> Iterator[Event]:
    match text(delta, "type"):
        case "text_delta":
            found: Json = {"text": words(delta, "text")}
        case "input_json_delta":
            found = {"toolUse": {"input": words(delta, "partial_json")}}
        case "thinking_delta":
            found = {"reasoningContent": {"text": words(delta, "thinking")}}
        case "signature_delta":
            found = {"reasoningContent": {"signature": words(delta, "signature")}}
        case _:
            return
    yield "contentBlockDelta", {**at, "delta": found}
