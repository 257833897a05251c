"""Tools that the vendor runs itself: offered, read, and sent back as they came."""

import orjson
import pytest
from ymera_openai.chat_completions import ChatCompletions
from ymera_openai.chat_decoder import ChatDecoder
from ymera_openai.completions import Completions
from ymera_openai.provider import ByModel
from ymera_openai.quirks import Quirks
from ymera_openai.responses import Responses
from ymera_openai.responses_decoder import ResponsesDecoder

from ymera_service.sdk.content import Message, ProviderBlock, Role, Text, TextSpan, user
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.events import CitationFound, ProviderBlockFound, UsageReported
from ymera_service.sdk.generation import (
    CODE_EXECUTION,
    WEB_SEARCH,
    GenerateRequest,
    Prompt,
    ProviderTool,
    Tool,
    ToolChoice,
)
from ymera_service.sdk.http import Dialect, HttpRequest
from ymera_service.sdk.wire.json_reader import Json

HI = user("Hi")
OPENAI = Quirks(openai_families=True)
SEARCHED = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "sky"}}
SEARCH = (ProviderTool(WEB_SEARCH),)


def encoded(dialect: Dialect, prompt: Prompt, model: str = "gpt-5") -> HttpRequest:
    return dialect.encode(GenerateRequest(model, prompt, stream=False))


def body_of(dialect: Dialect, prompt: Prompt, model: str = "gpt-5") -> Json:
    body: Json = orjson.loads(encoded(dialect, prompt, model).body)
    return body


def test_responses_have_openais_own_types_and_the_callers_options() -> None:
    tools = (*SEARCH, ProviderTool(CODE_EXECUTION), ProviderTool("file_search", "openai", {"vector_store_ids": ["v"]}))
    prompt = Prompt((HI,), (Tool("f"),), ToolChoice(max_tool_calls=3), provider_tools=tools)
    body = body_of(Responses(OPENAI), prompt)
    assert body["tools"][1:] == [
        {"type": "web_search"},
        {"type": "code_interpreter", "container": {"type": "auto"}},
        {"type": "file_search", "vector_store_ids": ["v"]},
    ]
    assert body["max_tool_calls"] == 3
    assert encoded(Responses(OPENAI), prompt).adaptations == ()


def test_openai_is_asked_for_its_own_tools_through_responses() -> None:
    assert encoded(ByModel(OPENAI), Prompt((HI,))).url == "/chat/completions"
    request = GenerateRequest("gpt-5", Prompt((HI,), provider_tools=SEARCH))
    assert ByModel(OPENAI).encode(request).url == "/responses"
    assert isinstance(ByModel(OPENAI).decoder(request), ResponsesDecoder)


def test_chat_completions_search_where_the_vendor_does() -> None:
    prompt = Prompt((HI,), tool_choice=ToolChoice(max_tool_calls=3), provider_tools=SEARCH)
    router = ChatCompletions(Quirks(web_search="openrouter:web_search"))
    assert body_of(router, prompt)["tools"] == [{"type": "openrouter:web_search"}]
    assert [one.field for one in encoded(router, prompt).adaptations] == ["prompt.tool_choice.max_tool_calls"]
    own = ProviderTool("web_search", "zai", {"web_search": {"enable": True}})
    assert body_of(ChatCompletions(Quirks()), Prompt((HI,), provider_tools=(own,)))["tools"] == [
        {"type": "web_search", "web_search": {"enable": True}}
    ]


@pytest.mark.parametrize("dialect", [ChatCompletions(Quirks()), Completions()])
def test_a_vendor_without_the_tool_is_not_asked_for_it(dialect: Dialect) -> None:
    with pytest.raises(InvalidProviderRequest):
        encoded(dialect, Prompt((HI,), provider_tools=SEARCH))


def test_what_a_tool_did_goes_back_as_it_came() -> None:
    answer = {
        "id": "r",
        "model": "gpt-5",
        "status": "completed",
        "output": [SEARCHED, {"type": "message", "content": [{"type": "output_text", "text": "Blue."}]}],
        "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
    }
    decoder = ResponsesDecoder()
    items = [*decoder.feed(orjson.dumps(answer)), *decoder.close()]
    [found] = [item for item in items if isinstance(item, ProviderBlockFound)]
    assert orjson.loads(found.block.data) == SEARCHED
    assert [item.usual_rates for item in items if isinstance(item, UsageReported)] == [False]
    history = (HI, Message(Role.ASSISTANT, (Text("Hm."), found.block, Text("Blue."))))
    sent = body_of(Responses(OPENAI), Prompt(history))["input"]
    assert [item["type"] for item in sent] == ["message", "message", "web_search_call", "message"]
    assert sent[2] == SEARCHED


@pytest.mark.parametrize("dialect", [ChatCompletions(OPENAI), Responses(OPENAI)])
def test_blocks_of_other_formats_are_left_out_with_a_warning(dialect: Dialect) -> None:
    foreign = Message(Role.ASSISTANT, (ProviderBlock("anthropic.messages", b"{}"), Text("Blue.")))
    request = encoded(dialect, Prompt((HI, foreign)))
    assert b"anthropic" not in request.body
    assert [one.field for one in request.adaptations] == ["prompt.messages.parts.provider_block"]


@pytest.mark.parametrize(("place", "spans"), [((0, 5), (TextSpan(0, 5),)), ((0, 0), ()), ((None, 5), ())])
def test_a_source_in_chat_completions_names_the_words_that_rest_on_it(
    place: tuple[int | None, int], spans: tuple[TextSpan, ...]
) -> None:
    start, end = place
    source = {"type": "url_citation", "url_citation": {"url": "https://a", "start_index": start, "end_index": end}}
    choice = {"message": {"content": "Blue.", "annotations": [source]}, "finish_reason": "stop"}
    decoder = ChatDecoder()
    items = [*decoder.feed(orjson.dumps({"choices": [choice]})), *decoder.close()]
    [found] = [item.citation for item in items if isinstance(item, CitationFound)]
    assert (found.uri, found.spans) == ("https://a", spans)
