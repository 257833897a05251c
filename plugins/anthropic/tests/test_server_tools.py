"""Tools that the API runs itself: offered, read, and sent back as they came."""

import orjson
import pytest
from ymera_anthropic.decoder import MessagesDecoder
from ymera_anthropic.dialect import MessagesDialect

from ymera_service.sdk.content import Message, ProviderBlock, Role, Text, user
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.events import Finished, ProviderBlockFound, UsageReported
from ymera_service.sdk.generation import (
    CODE_EXECUTION,
    WEB_SEARCH,
    GenerateRequest,
    Prompt,
    ProviderTool,
    Tool,
    ToolChoice,
)
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.testing.recorded import each_byte
from ymera_service.sdk.wire.json_reader import Json

HI = user("Hi")
SEARCH = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "sky"}}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "s1", "content": [{"encrypted_content": "x"}]}


def encoded(prompt: Prompt) -> HttpRequest:
    return MessagesDialect("2023-06-01").encode(GenerateRequest("claude-opus-4-6", prompt))


def body_of(prompt: Prompt) -> Json:
    body: Json = orjson.loads(encoded(prompt).body)
    return body


def stream(*events: Json) -> list[object]:
    decoder = MessagesDecoder()
    body = b"".join(b"data: %b\n\n" % orjson.dumps(event) for event in events)
    return [*(item for byte in each_byte(body) for item in decoder.feed(byte)), *decoder.close()]


def test_tools_have_the_apis_own_types_and_the_callers_options() -> None:
    tools = (
        ProviderTool(WEB_SEARCH),
        ProviderTool(CODE_EXECUTION),
        ProviderTool("web_fetch_20250910", "anthropic", {"max_content_tokens": 9}),
    )
    assert body_of(Prompt((HI,), (Tool("f"),), provider_tools=tools))["tools"][1:] == [
        {"type": "web_search_20250305", "name": "web_search"},
        {"type": "code_execution_20250825", "name": "code_execution"},
        {"type": "web_fetch_20250910", "name": "web_fetch", "max_content_tokens": 9},
    ]


@pytest.mark.parametrize(
    ("names", "uses", "adapted"),
    [
        ((WEB_SEARCH,), [3], []),
        ((WEB_SEARCH, "web_fetch_20250910"), [3, 3], ["mapped"]),
        ((WEB_SEARCH, CODE_EXECUTION), [3, None], ["dropped"]),
    ],
)
def test_the_calls_of_tools_that_use_the_web_are_bounded(
    names: tuple[str, ...], uses: list[int | None], adapted: list[str]
) -> None:
    tools = tuple(ProviderTool(name, "anthropic") for name in names)
    prompt = Prompt((HI,), tool_choice=ToolChoice(max_tool_calls=3), provider_tools=tools)
    assert [tool.get("max_uses") for tool in body_of(prompt)["tools"]] == uses
    assert [one.kind for one in encoded(prompt).adaptations] == adapted


def test_what_a_tool_did_goes_back_as_it_came() -> None:
    start = {"type": "message_start", "message": {"id": "m", "model": "claude-x", "usage": {"input_tokens": 5}}}
    items = stream(
        start,
        {"type": "content_block_start", "index": 0, "content_block": SEARCH | {"input": {}}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": piece}}
            for piece in ("", '{"query":', '"sky"}')
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": FOUND},
        {"type": "content_block_stop", "index": 1},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 2, "server_tool_use": {"web_search_requests": 1}},
        },
        {"type": "message_stop"},
    )
    blocks = [item.block for item in items if isinstance(item, ProviderBlockFound)]
    assert [orjson.loads(block.data) for block in blocks] == [SEARCH, FOUND]
    assert [item.usual_rates for item in items if isinstance(item, UsageReported)] == [False]
    answer = Message(Role.ASSISTANT, (*blocks, Text("Blue.")))
    sent = body_of(Prompt((HI, answer, HI)))["messages"][1]["content"]
    assert sent == [SEARCH, FOUND, {"type": "text", "text": "Blue."}]


def test_a_block_that_was_cut_off_is_left_out() -> None:
    items = stream(
        {"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 5}}},
        {"type": "content_block_start", "index": 0, "content_block": SEARCH | {"input": {}}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": '{"qu'}},
        {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    )
    assert not [item for item in items if isinstance(item, ProviderBlockFound)]
    assert isinstance(items[-1], Finished)


def test_blocks_of_other_formats_are_left_out_with_a_warning_and_broken_ones_refused() -> None:
    foreign = Message(Role.ASSISTANT, (ProviderBlock("openai.responses", b"{}"), Text("Blue.")))
    assert body_of(Prompt((HI, foreign)))["messages"][1]["content"] == [{"type": "text", "text": "Blue."}]
    assert [one.field for one in encoded(Prompt((HI, foreign))).adaptations] == ["prompt.messages.parts.provider_block"]
    with pytest.raises(InvalidProviderRequest):
        encoded(Prompt((HI, Message(Role.ASSISTANT, (ProviderBlock("anthropic.messages", b"["),)))))
