"""A recorded request's own prompt is encoded to a body that means the same as the recorded one.

Both bodies are read into a prompt. Every member has to be understood: one that the contract can't say raises
`NotSayable`, which names it. Read alike on purpose:

- Names in `snake_case`, and types in schemas in capitals, as the API takes both forms.
- `safetySettings` are not part of a prompt; a caller sets them as options of the provider.
- How much to think is one of three efforts, which has no exact budget.
"""

import json
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from recordings import NotSayable, nothing_left, recorded
from ymera_gemini.dialect import GeminiDialect
from ymera_gemini.signatures import Place, sealed

from ymera_service.sdk.content import (
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
    ResponseFormat,
    ResponseType,
    Sampling,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)

Json = dict[str, Any]

ASKED = [
    each
    for each in recorded("gemini/*enerateContent*.json", "vertexai/*enerateContent*.json")
    if (each["request"] or {}).get("json")
]

VERBATIM = {"args", "response", "parameters", "parametersJsonSchema", "responseJsonSchema", "responseSchema"}
"""Members whose own members are the caller's."""
MODES = {"AUTO": ToolChoiceMode.AUTO, "NONE": ToolChoiceMode.NONE, "ANY": ToolChoiceMode.REQUIRED}
MODES |= {"VALIDATED": ToolChoiceMode.AUTO}


def camel(value: Any) -> Any:
    """Writes names in the one form of the two that the API accepts."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = {re.sub(r"_([a-z])", lambda found: found[1].upper(), name): item for name, item in value.items()}
    return {name: item if name in VERBATIM else camel(item) for name, item in named.items()}


def prompt_of(recorded: Json) -> Prompt:
    """Returns the prompt that a body says; thinking apart, which is asked for in budgets that the contract lacks.

    Raises:
        NotSayable: The contract can't say it.
    """
    body = camel(recorded)
    for how in ("model", "safetySettings"):
        body.pop(how, None)
    config = body.pop("generationConfig", None) or {}
    reader = _Reader()
    messages = reader.messages(body.pop("systemInstruction", None) or {}, body.pop("contents"))
    groups = body.pop("tools", None) or []
    tools = tuple(tool for group in groups for tool in _tools(group))
    hosted = tuple(
        ProviderTool(name, "gemini", options)
        for group in groups
        for name, options in group.items()
        if name != "functionDeclarations" and options is not None
    )
    choice = _choice(body.pop("toolConfig", None) or {})
    choice = choice if tools else ToolChoice()
    prompt = Prompt(messages, tools, choice, _format(config), _sampling(config), hosted)
    nothing_left(body, "body")
    return prompt


class _Reader:
    def __init__(self) -> None:
        self._calls: list[ToolCall] = []
        self._count = 0

    def messages(self, system: Any, contents: list[Json]) -> tuple[Message, ...]:
        texts = system if isinstance(system, str) else "\n".join(part["text"] for part in system.get("parts", []))
        found = [Message(Role.SYSTEM, (Text(texts),))] if texts else []
        for content in contents:
            parts = [part for each in content["parts"] for part in self._parts(dict(each))]
            if content.get("role") == "model":
                role = Role.ASSISTANT
            else:
                role = Role.TOOL if any(isinstance(part, ToolResult) for part in parts) else Role.USER
            if found and found[-1].role is role:
                found[-1] = Message(role, found[-1].parts + tuple(parts))
            elif parts:
                found.append(Message(role, tuple(parts)))
        return tuple(found)

    def _parts(self, part: Json) -> list[Part]:
        signature, thought = part.pop("thoughtSignature", ""), part.pop("thought", False)
        part.pop("videoMetadata", None)
        [(kind, value)] = part.items()
        match kind:
            case "text" if thought:
                return [Reasoning(value, sealed(signature, Place.THOUGHT))] if signature else []
            case "text":
                seal = [Reasoning("", sealed(signature, Place.TEXT if value else Place.ALONE))] if signature else []
                return [*([Text(value)] if value else []), *seal]
            case "inlineData":
                return [
                    Media(
                        _kind(value["mimeType"]),
                        value["mimeType"],
                        b64decode(value["data"] + "==", b"-_" if re.search("[-_]", value["data"]) else None),
                    )
                ]
            case "fileData":
                return [Media(_kind(value.get("mimeType", "")), value.get("mimeType", ""), uri=value["fileUri"])]
            case "functionCall":
                return self._call(value, signature)
            case "functionResponse":
                return [self._result(value)]
        raise NotSayable(kind)

    def _call(self, value: Json, signature: str) -> list[Part]:
        self._count += 1
        call = ToolCall(value.get("id", f"gemini_{self._count}"), value["name"], _text(value.get("args", {})))
        self._calls.append(call)
        before = [Reasoning("", sealed(signature, Place.CALL))] if signature else []
        return [*before, call]

    def _result(self, value: Json) -> Part:
        call = next(call for call in self._calls if call.name == value["name"] and value.get("id", call.id) == call.id)
        self._calls.remove(call)
        media = [part for each in value.get("parts", []) for part in self._parts(dict(each))]
        assert all(isinstance(part, Media) for part in media)
        return ToolResult(call.id, (Text(_text(value["response"])), *media))  # type: ignore[arg-type]


def _kind(mime_type: str) -> MediaKind:
    kind = mime_type.partition("/")[0]
    return MediaKind(kind) if kind in ("image", "audio", "video") else MediaKind.FILE


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _tools(group: Json) -> list[Tool]:
    declared = group.get("functionDeclarations", [])
    return [
        Tool(
            each["name"],
            each.get("description") or "",
            _schema(each.get("parametersJsonSchema") or each.get("parameters")),
        )
        for each in declared
    ]


def _schema(value: Any) -> str:
    """A schema as text, with the types of both of the API's forms written alike."""
    return _text(_lower(value)) if value else ""


def _lower(value: Any) -> Any:
    if isinstance(value, list):
        return [_lower(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: item.lower() if name == "type" and isinstance(item, str) else _lower(item) for name, item in value.items()
    }


def _choice(config: Json) -> ToolChoice:
    calling = config.get("functionCallingConfig") or {}
    names = calling.get("allowedFunctionNames") or []
    if len(names) > 1:
        raise NotSayable("several allowed functions")
    if names:
        return ToolChoice(ToolChoiceMode.TOOL, names[0])
    return ToolChoice(MODES[calling.get("mode", "AUTO")])


def _format(config: Json) -> ResponseFormat:
    schema = config.pop("responseJsonSchema", None) or config.pop("responseSchema", None)
    if config.pop("responseMimeType", None) in (None, "text/plain"):
        return ResponseFormat()
    if schema is None:
        return ResponseFormat(ResponseType.JSON_OBJECT)
    return ResponseFormat(ResponseType.JSON_SCHEMA, schema=_schema(schema))


def _sampling(config: Json) -> Sampling:
    config.pop("thinkingConfig", None)
    if config.pop("candidateCount", 1) != 1:
        raise NotSayable("candidateCount")
    sampling = Sampling(
        config.pop("temperature", None),
        config.pop("topP", None),
        config.pop("topK", None),
        config.pop("maxOutputTokens", None),
        tuple(config.pop("stopSequences", None) or ()),
        config.pop("seed", None),
        config.pop("frequencyPenalty", None),
        config.pop("presencePenalty", None),
    )
    nothing_left(config, "generationConfig")
    return sampling


def model_of(exchange: Json) -> str:
    return str(exchange["request"]["path"]).rpartition("/models/")[2].partition(":")[0]


def sent_for(exchange: Json, prompt: Prompt) -> Prompt:
    """Encodes a prompt for the model that was asked, and reads what would be sent."""
    stream = exchange["endpoint"] == "streamGenerateContent"
    encoded = GeminiDialect().encode(GenerateRequest(model_of(exchange), prompt, stream))
    assert encoded.url.startswith(f"/models/{model_of(exchange)}:{exchange['endpoint']}")
    return prompt_of(orjson.loads(encoded.body))


def without_dummies(prompt: Prompt) -> Prompt:
    """Leaves out the mark of a call that has no signature."""

    def kept(message: Message) -> Iterator[Part]:
        for part in message.parts:
            if not (isinstance(part, Reasoning) and b"skip_thought" in part.signature):
                yield part

    return replace(prompt, messages=tuple(Message(each.role, tuple(kept(each))) for each in prompt.messages))


@pytest.mark.parametrize("exchange", [pytest.param(each, id=each["id"]) for each in ASKED])
def test_a_recorded_request_is_built_to_the_same_meaning(exchange: Json) -> None:
    try:
        prompt = prompt_of(exchange["request"]["json"])
    except NotSayable as problem:
        pytest.skip(f"the contract can't say {problem}")
    assert without_dummies(sent_for(exchange, prompt)) == prompt


def test_what_can_not_be_said_is_known() -> None:
    problems: Counter[str] = Counter()
    for exchange in ASKED:
        try:
            prompt_of(exchange["request"]["json"])
        except NotSayable as problem:
            problems[str(problem)] += 1
    assert problems.keys() <= {"body.cachedContent", "candidateCount", "generationConfig.responseModalities"}
