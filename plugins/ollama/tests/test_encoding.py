"""A recorded request's own prompt is encoded to a body that means the same as the recorded one.

Both bodies are read into a prompt. Every member has to be understood: one that the contract can't say raises
`NotSayable`, which names it. Read alike on purpose:

- An empty `format`, no tools, no options and an unset `keep_alive` are as if they were left out.
- `think` among the options, where the API does not read it, is not a part of a prompt.
- The name of a tool in its result is that of its call, whether it is stated or not.
- `truncate` is false in every body that is sent: the API would leave the beginning of a long prompt out.
"""

import json
from base64 import b64decode
from itertools import count
from typing import Any

import orjson
import pytest
from recordings import nothing_left, recorded
from ymera_ollama.dialect import OllamaDialect
from ymera_ollama.embeddings import encode
from ymera_ollama.listing import profile_of

from ymera_service.sdk.content import Media, MediaKind, Message, Part, Reasoning, Role, Text, ToolCall, ToolResult
from ymera_service.sdk.generation import (
    GenerateRequest,
    Prompt,
    ReasoningEffort,
    ResponseFormat,
    ResponseType,
    Sampling,
    Tool,
)
from ymera_service.sdk.work import EmbedRequest

Json = dict[str, Any]

ASKED = [each for each in recorded("ollama/*.json") if (each["request"] or {}).get("json")]

SAMPLING = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "num_predict": "max_output_tokens",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
}
THINKS = {None: None, True: ReasoningEffort.HIGH, False: ReasoningEffort.NONE}


def of_endpoint(endpoint: str) -> list[Any]:
    return [pytest.param(each, id=each["id"]) for each in ASKED if each["endpoint"] == endpoint]


def prompt_of(recorded: Json) -> Prompt:
    """Returns the prompt that a body says.

    Raises:
        NotSayable: The contract can't say it.
    """
    body = dict(recorded)
    for how in ("model", "stream", "keep_alive", "truncate"):
        body.pop(how, None)
    tools = tuple(map(_tool, body.pop("tools", None) or ()))
    wanted = _format(body.pop("format", None))
    sampling = _sampling(dict(body.pop("options", None) or {}), body.pop("think", None))
    prompt = Prompt(_messages(body.pop("messages")), tools, response_format=wanted, sampling=sampling)
    nothing_left(body, "body")
    return prompt


def _messages(recorded: list[Json]) -> tuple[Message, ...]:
    calls: list[ToolCall] = []
    ids = map("ollama_{}".format, count())
    found = []
    for each in recorded:
        message = dict(each)
        role = Role(message.pop("role"))
        text, thought = message.pop("content"), message.pop("thinking", "")
        images = [Media(MediaKind.IMAGE, data=b64decode(data)) for data in message.pop("images", None) or ()]
        said: list[Part] = [*([Reasoning(thought)] if thought else ()), *([Text(text)] if text else ()), *images]
        for call in message.pop("tool_calls", ()):
            calls.append(_call(call, next(ids)))
            said.append(calls[-1])
        if role is Role.TOOL:
            named = message.pop("tool_name", None)
            call = next(call for call in calls if named in (None, call.name))
            calls.remove(call)
            said = [ToolResult(call.id, (Text(text),))]
        nothing_left(message, "messages")
        found.append(Message(role, tuple(said)))
    return tuple(found)


def _call(recorded: Json, id_: str) -> ToolCall:
    function = recorded["function"]
    return ToolCall(id_, function["name"], json.dumps(function["arguments"], sort_keys=True))


def _tool(recorded: Json) -> Tool:
    function = recorded["function"]
    schema = json.dumps(function["parameters"], sort_keys=True)
    return Tool(function["name"], function.get("description", ""), schema)


def _format(recorded: Any) -> ResponseFormat:
    if not recorded:
        return ResponseFormat()
    if recorded == "json":
        return ResponseFormat(ResponseType.JSON_OBJECT)
    return ResponseFormat(ResponseType.JSON_SCHEMA, schema=json.dumps(recorded, sort_keys=True))


def _sampling(options: Json, think: Any) -> Sampling:
    options.pop("think", None)
    given = {name: options.pop(recorded) for recorded, name in SAMPLING.items() if recorded in options}
    given["stop_sequences"] = tuple(options.pop("stop", None) or ())
    nothing_left(options, "options")
    return Sampling(**given, reasoning_effort=THINKS[think])


@pytest.mark.parametrize("exchange", of_endpoint("api.chat"))
def test_a_recorded_request_is_built_to_the_same_meaning(exchange: Json) -> None:
    recorded = exchange["request"]["json"]
    model, stream = recorded["model"], recorded.get("stream", True)
    prompt = prompt_of(recorded)
    dialect = OllamaDialect()
    dialect.profiles.learn({model: profile_of(model, {"capabilities": ["completion", "tools", "thinking"]})})
    encoded = dialect.encode(GenerateRequest(model, prompt, stream))
    body = orjson.loads(encoded.body)
    assert (encoded.method, encoded.url) == (exchange["request"]["method"], exchange["request"]["path"])
    assert (body["model"], body["stream"], body["truncate"]) == (model, stream, False)
    assert prompt_of(body) == prompt


@pytest.mark.parametrize("exchange", of_endpoint("embeddings"))
def test_a_recorded_request_for_embeddings_is_built_to_the_same_meaning(exchange: Json) -> None:
    recorded = exchange["request"]["json"]
    encoded = encode(EmbedRequest(recorded["model"], (recorded["input"],)), {"options": recorded["options"]})
    assert encoded.url == exchange["request"]["path"]
    assert orjson.loads(encoded.body) == {**recorded, "input": [recorded["input"]], "truncate": False}
