"""A recorded request's own prompt is encoded to a body that means the same as the recorded one.

Both bodies are read into a prompt. Every member has to be understood: one that the contract can't say raises
`NotSayable`, which names it. Read alike on purpose:

- `guardrailConfig` is not a part of a prompt; a caller sets it as an option of the provider.
- The JSON of a tool's result, and the text of a document in another form.
- An underscore in the name of a document, which the recorder's redaction wrote and the API does not accept.
- `/stop_sequence`, which only says what the answer has to report.
"""

import json
from base64 import b64decode
from collections import Counter
from typing import Any
from urllib.parse import unquote

import orjson
import pytest
from recordings import NotSayable, nothing_left, recorded
from ymera_bedrock.dialect import ConverseDialect

from ymera_service.sdk.content import CacheHint, Media, MediaKind, Message, Part, Role, Text, ToolCall, ToolResult
from ymera_service.sdk.generation import (
    GenerateRequest,
    Prompt,
    ProviderTool,
    ResponseFormat,
    ResponseType,
    Sampling,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)

Json = dict[str, Any]

ASKED = [each for each in recorded("bedrock/bedrock.converse*.json") if (each["request"] or {}).get("json")]

TYPES = {"txt": "text/plain", "pdf": "application/pdf", "jpeg": "image/jpeg", "png": "image/png"}


def prompt_of(body: Json) -> Prompt:
    """Returns the prompt that a body says.

    Raises:
        NotSayable: The contract can't say it.
    """
    body = json.loads(json.dumps(body))
    for how in ("guardrailConfig", "additionalModelResponseFieldPaths"):
        body.pop(how, None)
    system = tuple(_parts(body.pop("system", [])))
    messages = [Message(Role.SYSTEM, system)] if system else []
    for message in body.pop("messages"):
        parts = tuple(_parts(message["content"]))
        role = Role.ASSISTANT if message["role"] == "assistant" else Role.USER
        role = Role.TOOL if isinstance(parts[0], ToolResult) else role
        if messages and messages[-1].role is role:
            messages[-1] = Message(role, messages[-1].parts + parts)
        else:
            messages.append(Message(role, parts))
    config = body.pop("toolConfig", {})
    functions, hosted = _tools(config.pop("tools", []))
    choice = _choice(config.pop("toolChoice", {}))
    wanted, sampling = _format(body.pop("outputConfig", {})), _sampling(body)
    nothing_left(body, "body")
    nothing_left(config, "toolConfig")
    return Prompt(tuple(messages), functions, choice, wanted, sampling, hosted)


def _parts(blocks: list[Json]) -> list[Part]:
    parts: list[Part] = []
    for block in blocks:
        if "cachePoint" in block:
            parts[-1] = _cached(parts[-1])
        else:
            parts.append(_part(block))
    return parts


def _cached(part: Part) -> Part:
    assert isinstance(part, Text)
    return Text(part.text, CacheHint())


def _part(block: Json) -> Part:
    [(kind, value)] = block.items()
    match kind:
        case "text":
            return Text(value)
        case "image" | "document":
            return _media(kind, value)
        case "toolUse":
            return ToolCall(value["toolUseId"], value["name"], _text(value["input"]))
        case "toolResult":
            return _result(value)
    raise NotSayable(kind)


def _media(kind: str, value: Json) -> Media:
    if value.pop("citations", None):
        raise NotSayable("document.citations")
    source = value["source"]
    data = source["text"].encode() if "text" in source else b64decode(source.get("bytes", ""))
    name = value.get("name", "").replace("_", " ")
    uri = source.get("s3Location", {}).get("uri", "")
    return Media(MediaKind("file" if kind == "document" else kind), TYPES[value["format"]], data, uri, name)


def _result(value: Json) -> ToolResult:
    parts = []
    for block in value["content"]:
        part = Text(_text(block["json"])) if "json" in block else _part(block)
        assert isinstance(part, Text | Media)
        parts.append(part)
    return ToolResult(value["toolUseId"], tuple(parts), value.get("status") == "error")


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _tools(listed: list[Json]) -> tuple[tuple[Tool, ...], tuple[ProviderTool, ...]]:
    functions: list[Tool] = []
    hosted = []
    for each in listed:
        [(kind, value)] = each.items()
        if kind == "toolSpec":
            schema = _text(value["inputSchema"]["json"])
            functions.append(Tool(value["name"], value.get("description", ""), schema, value.get("strict", False)))
        elif kind == "systemTool":
            hosted.append(ProviderTool(value["name"], "bedrock"))
        else:
            last = functions[-1]
            functions[-1] = Tool(last.name, last.description, last.parameters_schema, last.strict, CacheHint())
    return tuple(functions), tuple(hosted)


def _choice(choice: Json) -> ToolChoice:
    if "tool" in choice:
        return ToolChoice(ToolChoiceMode.TOOL, choice["tool"]["name"])
    return ToolChoice(ToolChoiceMode.REQUIRED if "any" in choice else ToolChoiceMode.AUTO)


def _format(config: Json) -> ResponseFormat:
    if not config:
        return ResponseFormat()
    definition = config.pop("textFormat")["structure"]["jsonSchema"]
    nothing_left(config, "outputConfig")
    schema = _text(json.loads(definition["schema"]))
    return ResponseFormat(ResponseType.JSON_SCHEMA, definition["name"], schema)


def _sampling(body: Json) -> Sampling:
    config = body.pop("inferenceConfig", {})
    fields = body.pop("additionalModelRequestFields", {})
    top_k = fields.pop("inferenceConfig", {}).get("topK", fields.pop("top_k", None))
    nothing_left(fields, "additionalModelRequestFields")
    sampling = Sampling(
        config.pop("temperature", None),
        config.pop("topP", None),
        top_k,
        config.pop("maxTokens", None),
        tuple(config.pop("stopSequences", ())),
    )
    nothing_left(config, "inferenceConfig")
    return sampling


def model_of(exchange: Json) -> str:
    return unquote(str(exchange["request"]["path"]).split("/")[2])


@pytest.mark.parametrize("exchange", [pytest.param(each, id=each["id"]) for each in ASKED])
def test_a_recorded_request_is_built_to_the_same_meaning(exchange: Json) -> None:
    try:
        prompt = prompt_of(exchange["request"]["json"])
    except NotSayable as problem:
        pytest.skip(f"the contract can't say {problem}")
    stream = exchange["endpoint"] == "converse-stream"
    encoded = ConverseDialect().encode(GenerateRequest(model_of(exchange), prompt, stream))
    assert unquote(encoded.url) == unquote(exchange["request"]["path"])
    assert prompt_of(orjson.loads(encoded.body)) == prompt


def test_what_can_not_be_said_is_known() -> None:
    problems: Counter[str] = Counter()
    for exchange in ASKED:
        try:
            prompt_of(exchange["request"]["json"])
        except NotSayable as problem:
            problems[str(problem)] += 1
    assert problems.keys() <= {"document.citations", "guardContent", "searchResult"}
