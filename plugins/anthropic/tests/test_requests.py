"""What is sent to which model."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

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
    ReasoningEffort,
    ResponseFormat,
    ResponseType,
    Sampling,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)

Record = dict[str, Any]

HI = user("Hi")
TOOL = Tool("f", "Does it.", '{"type":"object","properties":{"x":{"type":"integer"}}}', strict=True)
BUDGETED, ADAPTIVE, SECRETIVE = "claude-haiku-4-5", "claude-sonnet-4-6", "claude-opus-4-7"
UNASKED, BETWEEN_TOOLS, ALWAYS = "claude-opus-5", "claude-sonnet-5-5", "claude-opus-5-5"
OLD, FOREIGN = "claude-3-haiku-20240307", "kimi-k3"
SAMPLERS = Sampling(temperature=0.5, top_p=0.9, top_k=7)


def body_of(prompt: Prompt, model: str = ADAPTIVE, version: str = "2023-06-01") -> Record:
    body: Record = orjson.loads(MessagesDialect(version).encode(GenerateRequest(model, prompt)).body)
    return body


def content(*parts: Part, role: Role = Role.USER) -> Any:
    return body_of(Prompt((Message(role, parts),)))["messages"][0]["content"]


def talk(*messages: Message) -> list[Record]:
    turns: list[Record] = body_of(Prompt(messages))["messages"]
    return turns


def sampled(model: str, sampling: Sampling, **more: Any) -> Record:
    return body_of(Prompt((HI,), sampling=sampling, **more), model)


# Messages.


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


# Sampling.


def test_every_request_bounds_its_answer_by_what_the_model_can_write() -> None:
    assert sampled(ADAPTIVE, Sampling())["max_tokens"] == 32_000
    assert sampled(OLD, Sampling())["max_tokens"] == 4_096
    assert sampled(OLD, Sampling(max_output_tokens=100_000))["max_tokens"] == 4_096
    assert sampled(FOREIGN, Sampling(max_output_tokens=100_000))["max_tokens"] == 100_000
    assert sampled(ADAPTIVE, Sampling(max_output_tokens=5))["max_tokens"] == 5


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (OLD, {"temperature": 0.5, "top_p": 0.9, "top_k": 7}),
        (FOREIGN, {"temperature": 0.5, "top_p": 0.9, "top_k": 7}),
        ("claude-sonnet-4-20250514", {"temperature": 0.5, "top_p": 0.9, "top_k": 7}),
        ("claude-opus-4-1-20250805", {"temperature": 0.5, "top_k": 7}),
        (ADAPTIVE, {"temperature": 0.5, "top_k": 7}),
        (SECRETIVE, {}),
        (ALWAYS, {}),
        ("claude-of-the-future", {}),
    ],
)
def test_sampling_parameters_go_to_models_that_take_them(model: str, expected: Record) -> None:
    assert sent(sampled(model, SAMPLERS)) == expected


def sent(body: Record) -> Record:
    return {name: body[name] for name in ("temperature", "top_p", "top_k") if name in body}


def test_sampling_parameters_are_left_out_where_the_model_thinks_or_the_version_has_none() -> None:
    thinking = replace(SAMPLERS, reasoning_effort=ReasoningEffort.LOW)
    assert sent(sampled(ADAPTIVE, thinking)) == sent(sampled(BUDGETED, thinking)) == {}
    assert sent(body_of(Prompt((HI,), sampling=SAMPLERS), OLD, "2026-10-21")) == {}


def test_top_p_alone_and_a_temperature_of_other_vendors_range_are_taken() -> None:
    assert sent(sampled(ADAPTIVE, Sampling(top_p=0.9))) == {"top_p": 0.9}
    assert sent(sampled(ADAPTIVE, Sampling(temperature=1.7))) == {"temperature": 1.0}


def test_what_the_api_does_not_know_is_left_out() -> None:
    body = sampled(OLD, Sampling(seed=1, frequency_penalty=0.1, presence_penalty=0.1, stop_sequences=("END",)))
    assert body.keys() == {"model", "messages", "max_tokens", "stop_sequences", "stream"}
    assert body["stop_sequences"] == ["END"]


# Thinking.

SHOWN = {"type": "adaptive", "display": "summarized"}
HIGH, NONE = ReasoningEffort.HIGH, ReasoningEffort.NONE


@pytest.mark.parametrize(
    ("model", "effort", "thinking", "expected_effort"),
    [
        (OLD, HIGH, None, None),
        (BUDGETED, HIGH, {"type": "enabled", "budget_tokens": 16_384}, None),
        ("claude-opus-4-5", HIGH, {"type": "enabled", "budget_tokens": 16_384}, "high"),
        (FOREIGN, HIGH, {"type": "enabled", "budget_tokens": 16_384}, None),
        (ADAPTIVE, HIGH, {"type": "adaptive"}, "high"),
        (SECRETIVE, HIGH, SHOWN, "high"),
        (ALWAYS, HIGH, SHOWN, "high"),
        (ALWAYS, ReasoningEffort.MINIMAL, SHOWN, "low"),
        (SECRETIVE, ReasoningEffort.XHIGH, SHOWN, "xhigh"),
        (ADAPTIVE, ReasoningEffort.XHIGH, {"type": "adaptive"}, "max"),
        ("claude-opus-4-5", ReasoningEffort.MAX, {"type": "enabled", "budget_tokens": 31_999}, "high"),
        (BUDGETED, None, None, None),
        (ALWAYS, None, None, None),
        (BUDGETED, NONE, None, None),
        (SECRETIVE, NONE, None, None),
        (FOREIGN, NONE, {"type": "disabled"}, None),
        (UNASKED, NONE, {"type": "disabled"}, None),
        ("claude-haiku-5-5", NONE, {"type": "disabled"}, None),
        (BETWEEN_TOOLS, NONE, {"type": "between_tools"}, None),
        (ALWAYS, NONE, None, "low"),
        ("claude-fable-5", NONE, None, "low"),
    ],
)
def test_effort_takes_the_form_that_the_model_takes(
    model: str, effort: ReasoningEffort | None, thinking: Record | None, expected_effort: str | None
) -> None:
    body = sampled(model, Sampling(reasoning_effort=effort))
    assert body.get("thinking") == thinking
    assert body.get("output_config", {}).get("effort") == expected_effort


@pytest.mark.parametrize(("limit", "budget"), [(5_000, 4_999), (1_025, 1_024), (1_024, None), (10, None)])
def test_a_budget_leaves_room_for_an_answer_or_is_not_asked_for(limit: int, budget: int | None) -> None:
    body = sampled(BUDGETED, Sampling(max_output_tokens=limit, reasoning_effort=HIGH))
    assert body.get("thinking", {}).get("budget_tokens") == budget
    assert body["max_tokens"] == limit


@pytest.mark.parametrize(("model", "thinking"), [(BUDGETED, None), (ADAPTIVE, None), (UNASKED, {"type": "disabled"})])
@pytest.mark.parametrize("effort", [None, HIGH])
def test_a_forced_tool_call_is_made_without_thinking(
    model: str, thinking: Record | None, effort: ReasoningEffort | None
) -> None:
    forced = ToolChoice(ToolChoiceMode.REQUIRED)
    body = sampled(model, Sampling(reasoning_effort=effort), tools=(TOOL,), tool_choice=forced)
    assert body.get("thinking") == thinking


def test_without_thinking_high_is_the_highest_effort() -> None:
    forced = ToolChoice(ToolChoiceMode.REQUIRED)
    body = sampled(SECRETIVE, Sampling(reasoning_effort=ReasoningEffort.MAX), tools=(TOOL,), tool_choice=forced)
    assert body["output_config"] == {"effort": "high"}


@pytest.mark.parametrize(
    ("model", "sampling", "thinking", "effort", "adaptations"),
    [
        (BUDGETED, Sampling(reasoning_budget_tokens=5_000), {"type": "enabled", "budget_tokens": 5_000}, None, []),
        (ADAPTIVE, Sampling(reasoning_budget_tokens=5_000), {"type": "enabled", "budget_tokens": 5_000}, None, []),
        (
            BUDGETED,
            Sampling(reasoning_budget_tokens=5),
            {"type": "enabled", "budget_tokens": 1_024},
            None,
            ["mapped reasoning_budget_tokens"],
        ),
        (
            BUDGETED,
            Sampling(reasoning_budget_tokens=5_000, max_output_tokens=4_000),
            {"type": "enabled", "budget_tokens": 3_999},
            None,
            ["reduced reasoning_budget_tokens"],
        ),
        (SECRETIVE, Sampling(reasoning_budget_tokens=5_000), SHOWN, "medium", ["mapped reasoning_budget_tokens"]),
        (OLD, Sampling(reasoning_budget_tokens=5_000), None, None, ["dropped reasoning_budget_tokens"]),
        (
            SECRETIVE,
            Sampling(reasoning_effort=HIGH, reasoning_summary=False),
            {"type": "adaptive"},
            "high",
            [],
        ),
        (
            ADAPTIVE,
            Sampling(reasoning_effort=HIGH, reasoning_summary=False),
            {"type": "adaptive", "display": "omitted"},
            "high",
            [],
        ),
        (ALWAYS, Sampling(reasoning_summary=True), SHOWN, None, []),
        (BUDGETED, Sampling(reasoning_summary=True), None, None, ["dropped reasoning_summary"]),
        (BUDGETED, Sampling(reasoning_summary=False), None, None, []),
    ],
)
def test_a_budget_and_the_text_of_thinking(
    model: str, sampling: Sampling, thinking: Record | None, effort: str | None, adaptations: list[str]
) -> None:
    body = sampled(model, sampling)
    assert body.get("thinking") == thinking
    assert body.get("output_config", {}).get("effort") == effort
    request = MessagesDialect("2023-06-01").encode(GenerateRequest(model, Prompt((HI,), sampling=sampling)))
    assert [f"{one.kind} {one.field.removeprefix('prompt.sampling.')}" for one in request.adaptations] == adaptations


def test_what_is_counted_is_the_prompt_alone() -> None:
    sampling = Sampling(0.5, max_output_tokens=9, stop_sequences=("x",), reasoning_effort=HIGH)
    request = MessagesDialect("2023-06-01").encode_count(Prompt((HI,), tools=(TOOL,), sampling=sampling), ADAPTIVE)
    assert orjson.loads(request.body).keys() == {"model", "messages", "tools", "thinking", "output_config"}


@pytest.mark.parametrize(("stream", "accept"), [(True, "text/event-stream"), (False, "application/json")])
def test_a_stream_is_asked_for_or_not(stream: bool, accept: str) -> None:
    request = MessagesDialect("2023-06-01").encode(GenerateRequest(ADAPTIVE, Prompt((HI,)), stream))
    assert orjson.loads(request.body).get("stream", False) is stream
    assert request.headers["accept"] == accept


def names() -> Sequence[tuple[str, int, int]]:
    return [
        ("claude-3-opus-20240229", 200_000, 4_096),
        ("claude-3-5-sonnet-20240620", 200_000, 8_192),
        ("claude-3-7-sonnet-latest", 200_000, 64_000),
        ("claude-sonnet-4-0", 200_000, 64_000),
        ("claude-opus-4-20250514", 200_000, 32_000),
        ("claude-opus-4-5-20251101", 200_000, 64_000),
        ("anthropic/claude-haiku-4.5", 200_000, 64_000),
        ("anthropic/claude-3.5-sonnet", 200_000, 8_192),
        ("us.anthropic.claude-opus-4-6-v1:0", 1_000_000, 128_000),
        ("claude-fable-5-1", 1_000_000, 128_000),
        ("claude-mythos-preview", 1_000_000, 128_000),
        ("claude-2.1", 100_000, 4_096),
        ("glm-5", 0, 0),
    ]


@pytest.mark.parametrize(("name", "context", "output"), names())
def test_a_family_is_known_by_its_name(name: str, context: int, output: int) -> None:
    profile = MessagesDialect("2023-06-01").profiles.of(name)
    assert (profile.context_window, profile.max_output_tokens) == (context, output)
