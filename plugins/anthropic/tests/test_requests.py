"""How messages, tools and formats of answers are encoded."""

import orjson
import pytest
from ymera_anthropic.dialect import MessagesDialect

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
    ResponseFormat,
    ResponseType,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)

from .asking import ADAPTIVE, HI, OLD, TOOL, Record, body_of, content, talk


def test_system_messages_are_joined_by_a_blank_line() -> None:
    system = [Message(Role.SYSTEM, (Text(text), Text("!"))) for text in ("One", "Two")]
    assert body_of(Prompt((system[0], HI, system[1])))["system"] == "One!\n\nTwo!"
    assert "system" not in body_of(Prompt((HI,)))


def test_turns_alternate_and_results_of_tools_come_first() -> None:
    call, result = ToolCall("t", "f", '{"x":1}'), ToolResult("t", (Text("1"),))
    turns = talk(HI, user("there"), Message(Role.ASSISTANT, (call,)), user("Well?"), Message(Role.TOOL, (result,)))
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert [block["type"] for block in turns[2]["content"]] == ["tool_result", "text"]


def test_blank_texts_which_the_api_refuses_are_left_out() -> None:
    blank = Message(Role.ASSISTANT, (Text("\n\n"),))
    assert talk(HI, blank, user("Hi again")) == [
        {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "text", "text": "Hi again"}]}
    ]


@pytest.mark.parametrize(
    ("media", "source"),
    [
        (
            Media(MediaKind.IMAGE, "image/png", b"\x89P"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVA="}},
        ),
        (
            Media(MediaKind.IMAGE, uri="https://a/b.png"),
            {"type": "image", "source": {"type": "url", "url": "https://a/b.png"}},
        ),
        (
            Media(MediaKind.FILE, "application/pdf", b"%PDF", filename="a.pdf"),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="},
                "title": "a.pdf",
            },
        ),
        (
            Media(MediaKind.FILE, "application/pdf", uri="https://a/b.pdf"),
            {"type": "document", "source": {"type": "url", "url": "https://a/b.pdf"}},
        ),
        (
            Media(MediaKind.FILE, "text/markdown", "# é".encode()),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "# é"}},
        ),
        (
            Media(MediaKind.FILE, "image/jpeg", b"x"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "eA=="}},
        ),
    ],
)
def test_pictures_and_documents_have_their_blocks_in_messages_and_in_results(media: Media, source: Record) -> None:
    assert content(media) == [source]
    result = content(ToolResult("t", (Text("See:"), media)), role=Role.TOOL)
    assert result[0]["content"] == [{"type": "text", "text": "See:"}, source]


@pytest.mark.parametrize(
    "part",
    [
        Media(MediaKind.AUDIO, "audio/wav", b"x"),
        Media(MediaKind.FILE, "application/zip", b"x"),
        Media(MediaKind.FILE, "text/plain", b"\xff"),
        ToolCall("t", "f", '{"cut off'),
        ToolCall("t", "f", "[1]"),
    ],
)
def test_what_the_api_has_no_words_for_is_refused_so_that_another_model_is_tried(part: Part) -> None:
    with pytest.raises(InvalidProviderRequest):
        content(part, role=Role.ASSISTANT)


def test_a_result_of_one_text_is_that_text_and_an_error_is_marked() -> None:
    plain, failed, empty = content(
        ToolResult("a", (Text("1"),)),
        ToolResult("b", (Text("no"),), is_error=True),
        ToolResult("c", ()),
        role=Role.TOOL,
    )
    assert plain == {"type": "tool_result", "tool_use_id": "a", "content": "1"}
    assert failed == {"type": "tool_result", "tool_use_id": "b", "content": "no", "is_error": True}
    assert empty == {"type": "tool_result", "tool_use_id": "c"}


def test_ids_of_other_vendors_are_made_acceptable_alike_in_call_and_result() -> None:
    call = content(ToolCall("functions.f:0", "f", ""), role=Role.ASSISTANT)[0]
    result = content(ToolResult("functions.f:0", ()), role=Role.TOOL)[0]
    assert call == {"type": "tool_use", "id": "functions_f_0", "name": "f", "input": {}}
    assert result["tool_use_id"] == call["id"]


def test_numbers_beyond_64_bits_survive_in_arguments() -> None:
    request = GenerateRequest(
        ADAPTIVE, Prompt((Message(Role.ASSISTANT, (ToolCall("t", "f", '{"n":123456789012345678901234}'),)),))
    )
    assert b'"input":{"n":123456789012345678901234}' in MessagesDialect("2023-06-01").encode(request).body


def test_thinking_goes_back_as_it_came() -> None:
    blocks = content(
        Reasoning("Hm.", b"sig"),
        Reasoning("", b"sig of what was left out"),
        Reasoning("", b"redacted_thinking:sealed"),
        Refusal("I won't."),
        role=Role.ASSISTANT,
    )
    assert blocks == [
        {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
        {"type": "thinking", "thinking": "", "signature": "sig of what was left out"},
        {"type": "redacted_thinking", "data": "sealed"},
        {"type": "text", "text": "I won't."},
    ]


def test_thinking_that_others_did_is_left_out() -> None:
    others = (Reasoning("Unsigned."), Reasoning("", b"\xff\x00"))
    assert content(*others, Text("So."), role=Role.ASSISTANT) == [{"type": "text", "text": "So."}]


# Tools and structured output.


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ToolChoice(), None),
        (ToolChoice(ToolChoiceMode.NONE, parallel_tool_calls=False), {"type": "none"}),
        (ToolChoice(ToolChoiceMode.REQUIRED), {"type": "any"}),
        (ToolChoice(ToolChoiceMode.TOOL, "f"), {"type": "tool", "name": "f"}),
        (ToolChoice(parallel_tool_calls=False), {"type": "auto", "disable_parallel_tool_use": True}),
        (
            ToolChoice(ToolChoiceMode.REQUIRED, parallel_tool_calls=True),
            {"type": "any", "disable_parallel_tool_use": False},
        ),
    ],
)
def test_each_choice_of_tools_has_its_form(choice: ToolChoice, expected: Record | None) -> None:
    assert body_of(Prompt((HI,), tools=(TOOL,), tool_choice=choice)).get("tool_choice") == expected
    assert "tool_choice" not in body_of(Prompt((HI,), tool_choice=choice)), "without tools there is nothing to choose"


def test_tools_have_a_schema_and_are_strict_where_the_model_can() -> None:
    schema = {"type": "object", "properties": {"x": {"type": "integer"}}}
    expected = {"name": "f", "description": "Does it.", "input_schema": schema}
    assert body_of(Prompt((HI,), tools=(TOOL,)))["tools"] == [expected | {"strict": True}]
    assert body_of(Prompt((HI,), tools=(TOOL,)), OLD)["tools"] == [expected]
    bare = body_of(Prompt((HI,), tools=(Tool("g"),)))["tools"]
    assert bare == [{"name": "g", "input_schema": {"type": "object", "properties": {}}}]


def test_a_schema_of_no_object_is_refused() -> None:
    with pytest.raises(InvalidProviderRequest):
        body_of(Prompt((HI,), tools=(Tool("f", parameters_schema="true"),)))
    with pytest.raises(InvalidProviderRequest):
        body_of(Prompt((HI,), response_format=ResponseFormat(ResponseType.JSON_SCHEMA, schema="[]")))


def test_structured_output_takes_only_the_properties_that_are_named() -> None:
    inner = {"type": ["object", "null"], "properties": {"b": {"enum": [{"type": "object"}]}}}
    schema = {"type": "object", "properties": {"a": {"anyOf": [inner]}, "type": {"type": "string"}}}
    wanted = ResponseFormat(ResponseType.JSON_SCHEMA, schema=orjson.dumps(schema).decode())
    sent = body_of(Prompt((HI,), response_format=wanted))["output_config"]["format"]
    closed = {"additionalProperties": False}
    assert sent == {
        "type": "json_schema",
        "schema": schema | closed | {"properties": {**schema["properties"], "a": {"anyOf": [inner | closed]}}},  # type: ignore[dict-item]
    }


def test_a_json_object_of_any_shape_is_asked_for_in_words() -> None:
    prompt = Prompt(
        (Message(Role.SYSTEM, (Text("Be terse."),)), HI), response_format=ResponseFormat(ResponseType.JSON_OBJECT)
    )
    body = body_of(prompt)
    assert body["system"] == "Be terse.\n\nAnswer with one JSON object and nothing else."
    assert "output_config" not in body
