"""Tools that the API runs itself: offered, read, and sent back as they came."""

import orjson
import pytest
from ymera_gemini.decoder import GenerateContentDecoder
from ymera_gemini.dialect import GeminiDialect

from ymera_service.sdk.content import Message, ProviderBlock, Role, Text, user
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.events import ProviderBlockFound, UsageReported
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
from ymera_service.sdk.wire.json_reader import Json

HI = user("Hi")
OLD, NEW = "gemini-2.5-flash", "gemini-3-flash-preview"
PROGRAM = {"executableCode": {"language": "PYTHON", "code": "print(6*7)"}, "thoughtSignature": "c2ln"}
PRINTED = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "42"}}
USAGE = {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3}


def encoded(prompt: Prompt, model: str = OLD) -> HttpRequest:
    return GeminiDialect().encode(GenerateRequest(model, prompt))


def body_of(prompt: Prompt, model: str = OLD) -> Json:
    body: Json = orjson.loads(encoded(prompt, model).body)
    return body


def decoded(*parts: Json, **more: object) -> list[object]:
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", **more}
    decoder = GenerateContentDecoder()
    return [*decoder.feed(orjson.dumps({"candidates": [candidate], "usageMetadata": USAGE})), *decoder.close()]


def test_tools_have_the_apis_own_names_and_the_callers_options() -> None:
    tools = (ProviderTool(WEB_SEARCH), ProviderTool(CODE_EXECUTION), ProviderTool("urlContext", "gemini", {"a": 1}))
    assert body_of(Prompt((HI,), provider_tools=tools))["tools"] == [
        {"googleSearch": {}},
        {"codeExecution": {}},
        {"urlContext": {"a": 1}},
    ]
    both = Prompt((HI,), (Tool("f"),), ToolChoice(max_tool_calls=3), provider_tools=tools[:1])
    assert body_of(both, NEW)["tools"] == [{"functionDeclarations": [{"name": "f"}]}, {"googleSearch": {}}]
    assert [one.field for one in encoded(both, NEW).adaptations] == ["prompt.tool_choice.max_tool_calls"]
    with pytest.raises(InvalidProviderRequest):
        encoded(both, OLD)


def test_what_a_tool_did_goes_back_as_it_came() -> None:
    items = decoded(PROGRAM, PRINTED, {"text": "42."})
    blocks = [item.block for item in items if isinstance(item, ProviderBlockFound)]
    assert [orjson.loads(block.data) for block in blocks] == [PROGRAM, PRINTED]
    history = (HI, Message(Role.ASSISTANT, (*blocks, Text("42."))))
    assert body_of(Prompt(history))["contents"][1]["parts"] == [PROGRAM, PRINTED, {"text": "42."}]


def test_a_search_costs_more_than_its_tokens() -> None:
    searched = decoded({"text": "Blue."}, groundingMetadata={"webSearchQueries": ["sky"]})
    assert [item.usual_rates for item in searched if isinstance(item, UsageReported)] == [False]
    assert [item.usual_rates for item in decoded({"text": "Blue."}) if isinstance(item, UsageReported)] == [True]


def test_blocks_of_other_formats_are_left_out_with_a_warning() -> None:
    foreign = Message(Role.ASSISTANT, (ProviderBlock("openai.responses", b"{}"), Text("Blue.")))
    assert body_of(Prompt((HI, foreign)))["contents"][1]["parts"] == [{"text": "Blue."}]
    assert [one.field for one in encoded(Prompt((HI, foreign))).adaptations] == ["prompt.messages.parts.provider_block"]
