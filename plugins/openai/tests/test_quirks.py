"""How requests are written for vendors, models and parts that no recording shows."""

import json
from typing import Any

import pytest
from ymera_openai.chat_completions import ChatCompletions
from ymera_openai.completions import Completions
from ymera_openai.quirks import Quirks, ReasoningControl, ReasoningEcho
from ymera_openai.responses import Responses
from ymera_openai.vendors import VENDORS

from ymera_service.sdk.content import (
    Media,
    MediaKind,
    Message,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
    user,
)
from ymera_service.sdk.errors import InvalidProviderRequest
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
from ymera_service.sdk.http import Dialect

HELLO = (user("Hello"),)
OPENAI = VENDORS["openai"].quirks
IMAGE = Media(MediaKind.IMAGE, "image/png", b"png")


def written(prompt: Prompt, quirks: Quirks | None = None, model: str = "any-model", *, stream: bool = False) -> Any:
    return body(ChatCompletions(quirks or Quirks()), prompt, model, stream=stream)


def body(dialect: Dialect, prompt: Prompt, model: str = "any-model", *, stream: bool = False) -> Any:
    request = dialect.encode(GenerateRequest(model, prompt, stream))
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    return json.loads(request.body)


def messages(*parts: Part, role: Role = Role.USER, quirks: Quirks | None = None) -> Any:
    return written(Prompt((Message(role, parts),)), quirks)["messages"]


def test_the_least_prompt_is_the_least_request() -> None:
    assert written(Prompt(HELLO)) == {"model": "any-model", "messages": [{"role": "user", "content": "Hello"}]}
    assert body(Responses(Quirks()), Prompt(HELLO), "gpt-4o") == {
        "model": "gpt-4o",
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}],
        "store": False,
    }


def test_a_stream_reports_its_usage_where_that_can_be_asked() -> None:
    assert written(Prompt(HELLO), stream=True)["stream_options"] == {"include_usage": True}
    assert "stream_options" not in written(Prompt(HELLO), Quirks(stream_usage=False), stream=True)


@pytest.mark.parametrize(
    ("model", "role"),
    [
        ("gpt-5-mini", "developer"),
        ("o3", "developer"),
        ("gpt-4o", "system"),
        ("gpt-5-chat-latest", "system"),
        ("new", "system"),
        ("grok-4-1-fast-reasoning", "system"),
        ("DeepSeek-R1-0528", "system"),
    ],
)
def test_openais_reasoning_models_are_led_by_a_developer(model: str, role: str) -> None:
    prompt = Prompt((Message(Role.SYSTEM, (Text("Be brief."),)), *HELLO))
    assert written(prompt, OPENAI, model)["messages"][0] == {"role": role, "content": "Be brief."}
    assert written(prompt, model=model)["messages"][0]["role"] == "system"


@pytest.mark.parametrize(
    ("model", "effort", "taken"),
    [
        ("gpt-4o", None, True),
        ("o3", None, False),
        ("gpt-5-mini", None, False),
        ("gpt-5-chat-latest", None, True),
        ("gpt-5.2", None, True),
        ("gpt-5.2", ReasoningEffort.NONE, True),
        ("gpt-5.2", ReasoningEffort.HIGH, False),
        ("ft:gpt-4o:acme::1", None, True),
    ],
)
def test_sampling_goes_to_models_that_take_it(model: str, effort: ReasoningEffort | None, taken: bool) -> None:
    sampling = Sampling(temperature=0.5, top_p=0.9, stop_sequences=("END",), reasoning_effort=effort)
    for dialect in (ChatCompletions(OPENAI), Responses(OPENAI)):
        assert ("temperature" in body(dialect, Prompt(HELLO, sampling=sampling), model)) == taken


@pytest.mark.parametrize(
    ("model", "effort", "word"),
    [
        ("gpt-5", ReasoningEffort.HIGH, "high"),
        ("gpt-5", ReasoningEffort.NONE, "minimal"),
        ("gpt-5.1", ReasoningEffort.NONE, "none"),
        ("o3", ReasoningEffort.NONE, "low"),
        ("gpt-5", ReasoningEffort.MINIMAL, "minimal"),
        ("gpt-5", ReasoningEffort.XHIGH, "high"),
        ("gpt-5.2", ReasoningEffort.XHIGH, "xhigh"),
        ("a-new-model", ReasoningEffort.MAX, "high"),
        ("gpt-4o", ReasoningEffort.HIGH, None),
    ],
)
def test_the_effort_is_said_in_openais_words(model: str, effort: ReasoningEffort, word: str | None) -> None:
    prompt = Prompt(HELLO, sampling=Sampling(reasoning_effort=effort))
    assert written(prompt, OPENAI, model).get("reasoning_effort") == word
    assert body(Responses(OPENAI), prompt, model).get("reasoning", {}).get("effort") == word


@pytest.mark.parametrize(
    ("control", "much", "none"),
    [
        (ReasoningControl.EFFORT, {"reasoning_effort": "high"}, {"reasoning_effort": "none"}),
        (ReasoningControl.OBJECT, {"reasoning": {"effort": "high"}}, {"reasoning": {"effort": "none"}}),
        (ReasoningControl.THINKING, {"thinking": {"type": "enabled"}}, {"thinking": {"type": "disabled"}}),
        (ReasoningControl.ENABLE_THINKING, {"enable_thinking": True}, {"enable_thinking": False}),
        (ReasoningControl.NONE, {}, {}),
    ],
)
def test_the_effort_is_sent_in_each_vendors_own_field(control: ReasoningControl, much: Any, none: Any) -> None:
    least = written(Prompt(HELLO))
    for effort, expected in ((ReasoningEffort.HIGH, much), (ReasoningEffort.NONE, none)):
        prompt = Prompt(HELLO, sampling=Sampling(reasoning_effort=effort))
        assert written(prompt, Quirks(reasoning=control)) == least | expected


def test_limits_and_seeds_have_the_vendors_names() -> None:
    prompt = Prompt(HELLO, sampling=Sampling(max_output_tokens=9, seed=7, top_k=3, frequency_penalty=0.5))
    openai, mistral = written(prompt, OPENAI, "gpt-4o"), written(prompt, VENDORS["mistral"].quirks)
    assert (openai["max_completion_tokens"], openai["seed"], openai["frequency_penalty"]) == (9, 7, 0.5)
    assert (mistral["max_tokens"], mistral["random_seed"]) == (9, 7)
    assert "top_k" not in openai
    assert written(prompt, VENDORS["fireworks"].quirks)["top_k"] == 3
    assert "frequency_penalty" not in written(prompt, Quirks(penalties=False))
    assert not {"seed", ""} & set(written(prompt, Quirks(seed="")))


SCHEMA = '{"type":"object","properties":{"a":{"type":"integer"}}}'


def test_tools_and_their_choice_are_written() -> None:
    tools = (Tool("f", "Does f.", SCHEMA, strict=True), Tool("g"))
    prompt = Prompt(HELLO, tools, ToolChoice(ToolChoiceMode.TOOL, "f", parallel_tool_calls=False))
    chat = written(prompt)
    assert chat["tools"][0]["function"]["strict"] is True
    assert chat["tools"][1]["function"] == {"name": "g", "parameters": {"type": "object", "properties": {}}}
    assert chat["tool_choice"] == {"type": "function", "function": {"name": "f"}}
    assert chat["parallel_tool_calls"] is False
    assert "strict" not in written(prompt, Quirks(strict_tools=False))["tools"][0]["function"]
    assert "parallel_tool_calls" not in written(prompt, Quirks(parallel_tool_calls=False))
    assert body(Responses(Quirks()), prompt)["tool_choice"] == {"type": "function", "name": "f"}


@pytest.mark.parametrize("mode", [ToolChoiceMode.NONE, ToolChoiceMode.REQUIRED])
def test_a_choice_without_a_tool_is_a_word(mode: ToolChoiceMode) -> None:
    prompt = Prompt(HELLO, (Tool("f"),), ToolChoice(mode))
    assert written(prompt)["tool_choice"] == body(Responses(Quirks()), prompt)["tool_choice"] == mode.value


def test_a_form_of_the_answer_is_written() -> None:
    prompt = Prompt(HELLO, response_format=ResponseFormat(ResponseType.JSON_SCHEMA, "thing", SCHEMA, strict=True))
    form = {"name": "thing", "schema": json.loads(SCHEMA), "strict": True}
    assert written(prompt)["response_format"] == {"type": "json_schema", "json_schema": form}
    assert body(Responses(Quirks()), prompt)["text"] == {"format": {"type": "json_schema", **form}}
    loose = Prompt(HELLO, response_format=ResponseFormat(ResponseType.JSON_OBJECT))
    assert written(loose)["response_format"] == {"type": "json_object"}
    assert body(Responses(Quirks()), loose)["text"] == {"format": {"type": "json_object"}}


def test_a_vendor_without_schemas_gets_the_schema_in_a_message() -> None:
    prompt = Prompt(HELLO, response_format=ResponseFormat(ResponseType.JSON_SCHEMA, "thing", SCHEMA))
    found = written(prompt, Quirks(json_schema=False))
    assert found["response_format"] == {"type": "json_object"}
    assert found["messages"][0]["role"] == "system"
    assert SCHEMA in found["messages"][0]["content"]


@pytest.mark.parametrize("schema", ["{", "[]", "7"])
def test_a_schema_that_is_none_is_an_invalid_request(schema: str) -> None:
    for dialect in (ChatCompletions(Quirks()), Responses(Quirks())):
        with pytest.raises(InvalidProviderRequest):
            body(dialect, Prompt(HELLO, (Tool("f", "", schema),)))


def test_media_are_written() -> None:
    sound = Media(MediaKind.AUDIO, "audio/mpeg", b"mp3")
    paper = Media(MediaKind.FILE, "application/pdf", b"pdf", filename="a.pdf")
    linked = Media(MediaKind.IMAGE, uri="https://a.test/a.png")
    (message,) = messages(Text("See"), IMAGE, linked, sound, paper)
    assert message["content"] == [
        {"type": "text", "text": "See"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}},
        {"type": "image_url", "image_url": {"url": "https://a.test/a.png"}},
        {"type": "input_audio", "input_audio": {"data": "bXAz", "format": "mp3"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,cGRm"}},
    ]
    (message,) = messages(sound, paper, quirks=VENDORS["mistral"].quirks)
    assert message["content"] == [
        {"type": "input_audio", "input_audio": "bXAz"},
        {"type": "document_url", "document_url": "data:application/pdf;base64,cGRm", "document_name": "a.pdf"},
    ]


def test_the_responses_api_takes_media_too() -> None:
    linked = Media(MediaKind.FILE, uri="https://a.test/a.pdf")
    prompt = Prompt((Message(Role.USER, (IMAGE, linked)), Message(Role.TOOL, (ToolResult("x", (Text("a"), IMAGE)),))))
    shown = {"type": "input_image", "image_url": "data:image/png;base64,cG5n"}
    first, second = body(Responses(Quirks()), prompt)["input"]
    assert first["content"] == [shown, {"type": "input_file", "file_url": "https://a.test/a.pdf"}]
    assert second["output"] == [{"type": "input_text", "text": "a"}, shown]


@pytest.mark.parametrize(
    ("dialect", "part"),
    [
        (ChatCompletions(Quirks()), Media(MediaKind.AUDIO, uri="https://a.test/a.mp3")),
        (Responses(Quirks()), Media(MediaKind.AUDIO, "audio/wav", b"wav")),
        (Completions(), IMAGE),
    ],
)
def test_what_a_format_cannot_say_is_an_invalid_request(dialect: Dialect, part: Part) -> None:
    with pytest.raises(InvalidProviderRequest):
        body(dialect, Prompt((Message(Role.USER, (part,)),)))


def test_an_image_in_a_tools_answer_stays_in_it_where_the_vendor_accepts_that() -> None:
    result = ToolResult("x", (Text("a"), IMAGE))
    found = messages(result, role=Role.TOOL, quirks=Quirks(result_media=True))
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}}
    assert found == [{"role": "tool", "tool_call_id": "x", "content": [{"type": "text", "text": "a"}, image]}]
    (text,) = messages(ToolResult("x", (Text("a"),)), role=Role.TOOL, quirks=Quirks(result_media=True))
    assert text["content"] == "a"


def test_an_image_in_a_tools_answer_follows_it() -> None:
    assert messages(ToolResult("x", (Text("See:"), IMAGE)), ToolResult("y", (Text("b"),)), role=Role.TOOL) == [
        {"role": "tool", "tool_call_id": "x", "content": "See:"},
        {"role": "tool", "tool_call_id": "y", "content": "b"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}}]},
    ]


def test_an_assistants_turn_is_one_message() -> None:
    parts = (Reasoning("hm"), Text("a"), Text("b"), ToolCall("x", "f", ""))
    call = {"id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert messages(*parts, role=Role.ASSISTANT) == [{"role": "assistant", "content": "ab", "tool_calls": [call]}]


def test_mistral_gets_ids_of_its_own_form() -> None:
    turns = (Message(Role.ASSISTANT, (ToolCall("call_1", "f", "{}"),)), Message(Role.TOOL, (ToolResult("call_1", ()),)))
    call, result = written(Prompt(turns), VENDORS["mistral"].quirks)["messages"]
    assert call["tool_calls"][0]["id"] == result["tool_call_id"]
    assert len(result["tool_call_id"]) == 9
    assert result["tool_call_id"].isalnum()
    own = Message(Role.TOOL, (ToolResult("g6fVbXS8K", ()),))
    assert written(Prompt((own,)), VENDORS["mistral"].quirks)["messages"][0]["tool_call_id"] == "g6fVbXS8K"


def test_a_refusal_goes_where_the_vendor_has_a_place_for_it() -> None:
    assert messages(Refusal("no"), role=Role.ASSISTANT) == [{"role": "assistant", "content": "no"}]
    refused = {"role": "assistant", "content": None, "refusal": "no"}
    assert messages(Refusal("no"), role=Role.ASSISTANT, quirks=OPENAI) == [refused]


@pytest.mark.parametrize(
    ("echo", "expected"),
    [
        (ReasoningEcho.NONE, {"content": "a"}),
        (ReasoningEcho.CONTENT, {"content": "a", "reasoning_content": "hm"}),
        (ReasoningEcho.PLAIN, {"content": "a", "reasoning": "hm"}),
        (ReasoningEcho.DETAILS, {"content": "a", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]}),
        (
            ReasoningEcho.PARTS,
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                    {"type": "text", "text": "a"},
                ]
            },
        ),
    ],
)
def test_earlier_thinking_goes_where_the_vendor_wants_it(echo: ReasoningEcho, expected: Any) -> None:
    found = messages(Reasoning("hm"), Text("a"), role=Role.ASSISTANT, quirks=Quirks(echo=echo))
    assert found == [{"role": "assistant", **expected}]


def test_sealed_thinking_goes_back_as_it_came() -> None:
    signed = b'{"type":"reasoning.text","signature":"s","index":0}'
    sealed = b'{"type":"reasoning.encrypted","data":"d"}'
    quirks = Quirks(echo=ReasoningEcho.DETAILS)
    parts = (Reasoning("hm"), Reasoning("", signed), Reasoning("", sealed))
    (message,) = messages(*parts, role=Role.ASSISTANT, quirks=quirks)
    assert message["reasoning_details"] == [{**json.loads(signed), "text": "hm"}, json.loads(sealed)]
    (message,) = messages(Reasoning("hm", b"another vendor's"), role=Role.ASSISTANT, quirks=quirks)
    expected = {"type": "reasoning.text", "signature": "another vendor's", "text": "hm"}
    assert message["reasoning_details"] == [expected]


def test_the_responses_api_gets_back_only_what_it_sealed() -> None:
    seal = b'{"id":"rs_1","encrypted_content":"s"}'
    parts = (Reasoning("hm", seal), Text("a"), Reasoning("x"), Reasoning("y", b"\xff"), ToolCall("x", "f", "{}"))
    assert body(Responses(Quirks()), Prompt((Message(Role.ASSISTANT, parts),)))["input"] == [
        {
            "type": "reasoning",
            "id": "rs_1",
            "encrypted_content": "s",
            "summary": [{"type": "summary_text", "text": "hm"}],
        },
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]},
        {"type": "function_call", "call_id": "x", "name": "f", "arguments": "{}"},
    ]


def test_completions_write_several_messages_as_a_transcript() -> None:
    prompt = Prompt((Message(Role.SYSTEM, (Text("Be brief."),)), *HELLO))
    assert body(Completions(), prompt, stream=True) == {
        "model": "any-model",
        "prompt": "System: Be brief.\n\nUser: Hello\n\nAssistant:",
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert body(Completions(), Prompt(HELLO))["prompt"] == "Hello"
    with pytest.raises(InvalidProviderRequest):
        body(Completions(), Prompt(HELLO, (Tool("f"),)))
