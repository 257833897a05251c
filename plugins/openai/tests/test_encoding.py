"""A recorded request, read as a prompt and encoded again, asks for the same."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from recordings import parameters, recorded, replay_server
from ymera_openai.chat_completions import ChatCompletions
from ymera_openai.completions import Completions
from ymera_openai.local import LOCAL_SERVERS
from ymera_openai.quirks import Quirks, ReasoningEcho
from ymera_openai.responses import Responses
from ymera_openai.vendors import VENDORS

from ymera_service.sdk.content import (
    Message,
    Role,
    Text,
)
from ymera_service.sdk.generation import (
    GenerateRequest,
    Prompt,
)
from ymera_service.sdk.http import Dialect

from .said import chat_prompt, items_of, response_prompt, sampling

Json = dict[str, Any]

EXCHANGES = recorded("*/*.json")
REPLAY = replay_server()

QUIRKS = {vendor.name: vendor.quirks for vendor in VENDORS.values()}
QUIRKS |= {server.name: server.quirks for server in LOCAL_SERVERS}

ABSENT = "<absent>"
NOTHING: tuple[Any, ...] = (ABSENT, None, "", [], False)

Differs = Callable[[Any, Any], bool]


def both_empty(ours: Any, theirs: Any) -> bool:
    return ours in NOTHING and theirs in NOTHING


def left_out(ours: Any, theirs: Any) -> bool:
    return bool(ours == ABSENT)


def added(ours: Any, theirs: Any) -> bool:
    return bool(theirs == ABSENT)


def any_way(ours: Any, theirs: Any) -> bool:
    return True


ON_PURPOSE: dict[str, tuple[Differs, str]] = {
    r"stream(_options.*)?": (any_way, "usage is requested if the vendor accepts that"),
    r"model": (lambda ours, theirs: ours == "", "older Azure names it in the address"),
    r"messages\.\d+\.role": (
        lambda ours, theirs: {ours, theirs} == {"system", "developer"},
        "developer for OpenAI's reasoning models, system for all others",
    ),
    r"messages\.\d+\.content": (both_empty, "null, absent and empty text say nothing"),
    r"messages\.\d+\.(tool_call_id|tool_calls\.\d+\.id)": (
        lambda ours, theirs: len(ours) == 9 and not re.fullmatch("[A-Za-z0-9]{9}", theirs),
        "Mistral takes ids of nine letters and digits; others, also redacted ones, are mapped to such",
    ),
    r"messages\.\d+\.tool_calls\.\d+\.(index|type)": (any_way, "the order defines the index"),
    r"messages\.\d+\.reasoning\w*.*": (lambda ours, theirs: ABSENT in (ours, theirs), "only where the vendor takes it"),
    r"messages\.\d+\.content\.\d+\.image_url": (
        lambda ours, theirs: ours == {"url": theirs},
        "Mistral takes an address and an object with an address",
    ),
    r"messages\.\d+\.content\.\d+\.file\.filename": (added, "always written"),
    r".*\.input_audio\.format": (any_way, "mpeg and mp3 are one"),
    r"tool_choice": (lambda ours, theirs: ours == ABSENT and theirs in ("auto", "none"), "said by leaving it out"),
    r"tool_choice\.type": (added, "always written"),
    r"tools": (both_empty, "no tools"),
    r"tools\.\d+\.(function\.)?strict": (lambda ours, theirs: ours in NOTHING, "only where it is taken"),
    r"tools\.\d+\.(function\.)?description": (both_empty, "an empty one says nothing"),
    r"(tools\.\d+|response_format\.json_schema)\.output_schema|response_format\.json_schema\.description": (
        left_out,
        "a prompt does not have it",
    ),
    r"parallel_tool_calls": (left_out, "only where it is taken"),
    r"(response_format|text)": (lambda ours, theirs: ours == ABSENT and "text" in str(theirs), "text is the default"),
    r"stop": (both_empty, "no stop sequences"),
    r"(temperature|top_p)": (left_out, "reasoning models of OpenAI refuse them"),
    r"store|include(\..*)?": (any_way, "nothing is kept at the vendor; sealed reasoning comes along"),
    r"input\.\d+\.(id|status)": (left_out, "of use only where the vendor keeps the answer"),
    r"(reasoning_effort|reasoning|thinking|enable_thinking|clear_thinking).*": (any_way, "in the vendor's own way"),
    r"(n|service_tier|prompt_cache_key|safe_prompt|usage|provider|grammar|json_schema)(\..*)?": (
        left_out,
        "a prompt does not have it",
    ),
    r"(web_search_options|search_\w+|return_related_questions|include_reasoning|agent_id|logit_bias)(\..*)?": (
        left_out,
        "a prompt does not have it",
    ),
    r"messages\.\d+\.(name|prefix|annotations|parsed|audio|function_call)(\..*)?": (
        left_out,
        "a prompt does not have it",
    ),
    r"(top_)?logprobs": (lambda ours, theirs: ours == ABSENT and not theirs, "none is what is asked for"),
    r".*\.image_url\.detail": (lambda ours, theirs: ours == ABSENT and theirs == "auto", "the usual one"),
    r".*\.(parsed_arguments)(\..*)?": (left_out, "a prompt does not have it"),
}
"""In what our request may differ from the recorded one, in which way, and why."""


def asked(*endpoints: str) -> list[Any]:
    """Returns the exchanges of some endpoints whose requests were recorded, as parameters."""
    return parameters(
        each for each in EXCHANGES if each["endpoint"] in endpoints and each["request"] and each["request"]["json"]
    )


def comparable(body: Json, longest: str) -> Json:
    """The recorded request in one of the ways to write it."""
    body = {name: uncached(value) for name, value in body.items() if value is not None}
    for name in ("max_tokens", "max_completion_tokens"):
        if name in body and longest:
            body[longest] = body.pop(name)
    if "input" in body:
        body["input"] = [
            comparable_item(item)
            for item in items_of(body)
            if item.get("type") != "reasoning" or item.get("encrypted_content")
        ]
        body.pop("instructions", None)
    if body.get("tool_choice") == "any":
        body["tool_choice"] = "required"
    if isinstance(body.get("stop"), str):
        body["stop"] = [body["stop"]]
    return body


def uncached(value: Any) -> Any:
    """Leaves out the marks of what to cache: a prompt does not have them."""
    if isinstance(value, dict):
        return {name: uncached(inner) for name, inner in value.items() if name != "cache_control"}
    return [uncached(inner) for inner in value] if isinstance(value, list) else value


def comparable_item(item: Json) -> Json:
    item = {"type": "message", **item}
    if item["type"] == "reasoning":
        said = "\n".join(part["text"] for part in item["summary"])
        return {**item, "summary": [{"type": "summary_text", "text": said}] if said else []}
    if isinstance(item.get("content"), str):
        kind = "output_text" if item["role"] == "assistant" else "input_text"
        return {**item, "content": [{"type": kind, "text": item["content"]}]}
    return item


def unexpected(exchange: Json, dialect: Dialect, prompt: Prompt, longest: str = "") -> list[Any]:
    body = exchange["request"]["json"]
    request = GenerateRequest(body.get("model", ""), prompt, stream=bool(body.get("stream")))
    ours = json.loads(dialect.encode(request).body)
    return [
        found
        for found in REPLAY.differences(comparable(body, longest), ours)
        if not any(
            re.fullmatch(path, found["path"]) and differs(found["received"], found["recorded"])
            for path, (differs, _) in ON_PURPOSE.items()
        )
    ]


def quirks_of(exchange: Json) -> Quirks:
    return QUIRKS.get(exchange["vendor"], Quirks(top_k=True, echo=ReasoningEcho.CONTENT))


@pytest.mark.parametrize("exchange", asked("chat.completions"))
def test_a_chat_request_asks_for_the_same(exchange: Json) -> None:
    body = exchange["request"]["json"]
    if "messages" not in body:
        pytest.skip("the recorder kept no messages")
    quirks = quirks_of(exchange)
    assert unexpected(exchange, ChatCompletions(quirks), chat_prompt(body), quirks.max_tokens) == []


@pytest.mark.parametrize("exchange", asked("responses"))
def test_a_response_request_asks_for_the_same(exchange: Json) -> None:
    body = exchange["request"]["json"]
    assert unexpected(exchange, Responses(quirks_of(exchange)), response_prompt(body)) == []


@pytest.mark.parametrize("exchange", asked("completions"))
def test_a_completion_request_asks_for_the_same(exchange: Json) -> None:
    body = exchange["request"]["json"]
    if not isinstance(body["prompt"], str):
        pytest.skip("a prompt of token numbers or of several texts")
    prompt = Prompt((Message(Role.USER, (Text(body["prompt"]),)),), sampling=sampling(body))
    assert unexpected(exchange, Completions(), prompt) == []
