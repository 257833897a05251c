"""A recorded request's own prompt is encoded to a body that means the same as the recorded one.

Both bodies are read into a prompt. Every member has to be understood: one that the contract can't say raises
`NotSayable`, which names it. Read alike on purpose: a text and a list of one text, an empty list and none.
"""

import json
import re
from base64 import b64decode
from typing import Any

import orjson
import pytest
from recordings import NotSayable, nothing_left, recorded
from ymera_cohere.dialect import CohereDialect
from ymera_cohere.message_reader import PLAN

from ymera_service.sdk.content import Media, MediaKind, Message, Part, Reasoning, Role, Text, ToolCall, ToolResult
from ymera_service.sdk.generation import (
    GenerateRequest,
    Prompt,
    ReasoningEffort,
    ResponseFormat,
    ResponseType,
    Sampling,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)

Json = dict[str, Any]

ASKED = [each for each in recorded("cohere/cohere.chat-v2.*.json") if (each["request"] or {}).get("json")]

SAMPLING = {
    "temperature": "temperature",
    "p": "top_p",
    "k": "top_k",
    "max_tokens": "max_output_tokens",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
}


def prompt_of(recorded: Json) -> Prompt:
    """Returns the prompt that a body says.

    Raises:
        NotSayable: The contract can't say it.
    """
    body = dict(recorded)
    for how in ("model", "stream"):
        body.pop(how, None)
    messages = [_message(dict(each)) for each in body.pop("messages")]
    files = [_file(dict(each)) for each in body.pop("documents", ())]
    if files:
        messages[-1] = Message(messages[-1].role, (*messages[-1].parts, *files))
    strict = body.pop("strict_tools", False)
    tools = tuple(_tool(each, strict) for each in body.pop("tools", ()))
    choice = ToolChoice(ToolChoiceMode(body.pop("tool_choice", "auto").lower()))
    wanted = _format(dict(body.pop("response_format", {})))
    sampling = _sampling(body)
    nothing_left(body, "body")
    return Prompt(tuple(messages), tools, choice, wanted, sampling)


def _message(message: Json) -> Message:
    role = Role(message.pop("role"))
    said = _parts(message.pop("content", None) or [])
    if plan := message.pop("tool_plan", None):
        said.insert(0, Reasoning(plan, PLAN))
    if role is Role.TOOL:
        assert all(isinstance(part, Text) for part in said)
        said = [ToolResult(message.pop("tool_call_id"), tuple(said))]  # type: ignore[arg-type]
    for call in message.pop("tool_calls", ()):
        function = call["function"]
        said.append(ToolCall(call["id"], function["name"], function["arguments"]))
    nothing_left(message, "messages")
    return Message(role, tuple(said))


def _parts(content: str | list[Json]) -> list[Part]:
    if isinstance(content, str):
        return [Text(content)] if content else []
    found: list[Part] = []
    for part in content:
        if part["type"] == "text":
            found += [Text(part["text"])] if part["text"] else []
        elif part["type"] == "image_url":
            mime_type, data = re.fullmatch("data:(.*);base64,(.*)", part["image_url"]["url"]).groups()  # type: ignore[union-attr]
            found.append(Media(MediaKind.IMAGE, mime_type, b64decode(data)))
        else:
            raise NotSayable(part["type"])
    return found


def _file(document: Json) -> Media:
    data = dict(document["data"])
    words = data.pop("text")
    nothing_left(data, "documents.data")
    return Media(MediaKind.FILE, "text/plain", words.encode(), filename=document["id"])


def _tool(recorded: Json, strict: bool) -> Tool:
    function = recorded["function"]
    schema = json.dumps(function["parameters"], sort_keys=True)
    return Tool(function["name"], function.get("description", ""), schema, strict)


def _format(recorded: Json) -> ResponseFormat:
    if recorded.pop("type", "text") == "text":
        return ResponseFormat()
    if (schema := recorded.pop("json_schema", None)) is None:
        return ResponseFormat(ResponseType.JSON_OBJECT)
    return ResponseFormat(ResponseType.JSON_SCHEMA, schema=json.dumps(schema, sort_keys=True))


def _sampling(body: Json) -> Sampling:
    given = {name: body.pop(recorded) for recorded, name in SAMPLING.items() if recorded in body}
    given["stop_sequences"] = tuple(body.pop("stop_sequences", ()))
    thinking = dict(body.pop("thinking", {}))
    if thinking.get("type") == "disabled":
        given["reasoning_effort"] = ReasoningEffort.NONE
    elif thinking:
        given["reasoning_budget_tokens"] = thinking["token_budget"]
    return Sampling(**given)


@pytest.mark.parametrize("exchange", [pytest.param(each, id=each["id"]) for each in ASKED])
def test_a_recorded_request_is_built_to_the_same_meaning(exchange: Json) -> None:
    recorded = exchange["request"]["json"]
    prompt, stream = prompt_of(recorded), recorded.get("stream", False)
    encoded = CohereDialect().encode(GenerateRequest(recorded["model"], prompt, stream))
    body = orjson.loads(encoded.body)
    assert (encoded.method, encoded.url) == (exchange["request"]["method"], exchange["request"]["path"])
    assert (body["model"], body["stream"]) == (recorded["model"], stream)
    assert prompt_of(body) == prompt
    assert encoded.adaptations == ()


def test_everything_recorded_can_be_said() -> None:
    for exchange in ASKED:
        prompt_of(exchange["request"]["json"])
