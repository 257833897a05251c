"""How a prompt is encoded, and what is adapted."""

from typing import Any

import orjson
import pytest
from ymera_gemini.dialect import GeminiDialect

from ymera_service.sdk.content import Media, MediaKind, Message, Part, Reasoning, Role, Text, ToolCall, ToolResult, user
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.generation import (
    AdaptationKind,
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
from ymera_service.sdk.http import HttpRequest

OLD, FLASH, LITE, PRO = "gemini-2.0-flash", "gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-pro"
NEW, NEW_PRO = "gemini-3-flash-preview", "gemini-3.1-pro-preview"
PDF = Media(MediaKind.FILE, "application/pdf", b"%PDF", filename="a.pdf")
TOOL = Tool("f", "Does it.", '{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}')
SCHEMA = ResponseFormat(ResponseType.JSON_SCHEMA, schema='{"type":"object","properties":{"a":{"type":"string"}}}')
HELLO = (user("Hello"),)


def encoded(model: str, prompt: Prompt, *, stream: bool = False) -> HttpRequest:
    return GeminiDialect().encode(GenerateRequest(model, prompt, stream))


def body(prompt: Prompt, model: str = FLASH) -> dict[str, Any]:
    read: dict[str, Any] = orjson.loads(encoded(model, prompt).body)
    return read


def adapted(prompt: Prompt, model: str = FLASH) -> list[tuple[AdaptationKind, str]]:
    return [(one.kind, one.field.removeprefix("prompt.")) for one in encoded(model, prompt).adaptations]


def said(*parts: Part, role: Role = Role.ASSISTANT, before: tuple[Message, ...] = ()) -> Prompt:
    return Prompt((*before, Message(role, parts)))


def test_the_address_names_model_and_method_and_holds_no_key() -> None:
    assert encoded(FLASH, Prompt(HELLO)).url == "/models/gemini-2.5-flash:generateContent"
    assert encoded(FLASH, Prompt(HELLO), stream=True).url == "/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    assert encoded("tunedModels/a b", Prompt(HELLO)).url == "/tunedModels/a%20b:generateContent"
    assert encoded("a?b#c", Prompt(HELLO)).url == "/models/a%3Fb%23c:generateContent"


def test_a_plain_prompt_is_nothing_but_its_content() -> None:
    system = Message(Role.SYSTEM, (Text("Be brief."),))
    assert body(Prompt((system, *HELLO))) == {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [{"role": "user", "parts": [{"text": "Hello"}]}],
    }


def test_turns_of_one_role_are_joined_and_empty_texts_left_out() -> None:
    messages = (*HELLO, user(""), user("again"), Message(Role.ASSISTANT, (Text(""),)))
    assert body(Prompt(messages))["contents"] == [{"role": "user", "parts": [{"text": "Hello"}, {"text": "again"}]}]


def test_media_are_sent_inline_or_by_address() -> None:
    image = Media(MediaKind.IMAGE, "image/png", b"\x89PNG")
    audio = Media(MediaKind.AUDIO, "audio/wav", uri="https://files.example/a.wav")
    unnamed = Media(MediaKind.FILE, uri="https://files.example/b")
    document = Media(MediaKind.FILE, "application/json", b"{}")
    parts = body(said(image, audio, unnamed, document, role=Role.USER))["contents"][0]["parts"]
    assert parts == [
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}},
        {"fileData": {"mimeType": "audio/wav", "fileUri": "https://files.example/a.wav"}},
        {"fileData": {"fileUri": "https://files.example/b"}},
        {"inlineData": {"mimeType": "text/plain", "data": "e30="}},
    ]


def test_the_name_of_a_file_is_dropped_with_a_warning() -> None:
    assert adapted(said(PDF, role=Role.USER)) == [(AdaptationKind.DROPPED, "messages.parts.filename")]


# Tools.

CALLS = Message(Role.ASSISTANT, (ToolCall("c1", "f", '{"a": "1"}'), ToolCall("gemini_0", "g", "")))


def test_calls_and_results_are_sent_with_the_ids_that_the_model_gave() -> None:
    results = tuple(Message(Role.TOOL, (ToolResult(id_, (Text("ok"),)),)) for id_ in ("c1", "gemini_0"))
    contents = body(Prompt((*HELLO, CALLS, *results, user("Go on"))))["contents"]
    assert contents[1:] == [
        {
            "role": "model",
            "parts": [
                {"functionCall": {"id": "c1", "name": "f", "args": {"a": "1"}}},
                {"functionCall": {"name": "g", "args": {}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": "c1", "name": "f", "response": {"output": "ok"}}},
                {"functionResponse": {"name": "g", "response": {"output": "ok"}}},
            ],
        },
        {"role": "user", "parts": [{"text": "Go on"}]},
    ]


@pytest.mark.parametrize(
    ("result", "response"),
    [
        (ToolResult("c1", (Text('{"a": 1}'),)), {"a": 1}),
        (ToolResult("c1", (Text("[1]"),)), {"output": "[1]"}),
        (ToolResult("c1", (Text('{"a": 1}'),), is_error=True), {"error": '{"a": 1}'}),
        (ToolResult("c1", ()), {"output": ""}),
    ],
)
def test_a_result_is_an_object(result: ToolResult, response: dict[str, Any]) -> None:
    sent = body(said(result, role=Role.TOOL, before=(*HELLO, CALLS)))["contents"][-1]["parts"][0]
    assert sent["functionResponse"]["response"] == response


def test_media_in_a_result_are_part_of_it_or_follow_it() -> None:
    prompt = said(
        ToolResult("c1", (Text("see"), Media(MediaKind.IMAGE, "image/png", b"x"))),
        role=Role.TOOL,
        before=(*HELLO, CALLS),
    )
    image = {"inlineData": {"mimeType": "image/png", "data": "eA=="}}
    [within] = body(prompt, NEW)["contents"][-1]["parts"]
    assert within["functionResponse"]["parts"] == [image]
    assert body(prompt)["contents"][-1]["parts"][1] == image
    assert adapted(prompt, NEW) == []
    assert adapted(prompt) == [(AdaptationKind.MAPPED, "messages.parts.tool_result")]


def test_what_the_api_can_not_express_is_refused() -> None:
    for prompt in (
        said(ToolResult("unknown", (Text("x"),)), role=Role.TOOL),
        said(ToolCall("c", "f", "[1]")),
        Prompt(HELLO, tools=(Tool("f", parameters_schema="[]"),)),
    ):
        with pytest.raises(InvalidProviderRequest):
            encoded(FLASH, prompt)


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        (ToolChoice(), None),
        (ToolChoice(ToolChoiceMode.NONE), {"mode": "NONE"}),
        (ToolChoice(ToolChoiceMode.REQUIRED), {"mode": "ANY"}),
        (ToolChoice(ToolChoiceMode.TOOL, "f"), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
    ],
)
def test_the_choice_among_tools_is_sent(choice: ToolChoice, config: Any) -> None:
    sent = body(Prompt(HELLO, (TOOL,), choice))
    declared = {"name": "f", "description": "Does it.", "parametersJsonSchema": orjson.loads(TOOL.parameters_schema)}
    assert sent["tools"] == [{"functionDeclarations": [declared]}]
    assert sent.get("toolConfig", {}).get("functionCallingConfig") == config


def test_strict_tools_are_validated_if_the_model_can() -> None:
    strict = Prompt(HELLO, (Tool("f", strict=True),))
    assert body(strict)["toolConfig"] == {"functionCallingConfig": {"mode": "VALIDATED"}}
    assert adapted(strict) == []
    assert "toolConfig" not in body(strict, OLD)
    assert adapted(strict, OLD) == [(AdaptationKind.DROPPED, "tools.strict")]


def test_parallel_calls_can_not_be_forbidden() -> None:
    def asked(parallel: bool) -> Prompt:
        return Prompt(HELLO, (TOOL,), ToolChoice(parallel_tool_calls=parallel))

    assert adapted(asked(True)) == []
    assert adapted(asked(False)) == [(AdaptationKind.DROPPED, "tool_choice.parallel_tool_calls")]


# Format of the answer.


def test_json_is_asked_for_by_its_type_and_schema() -> None:
    assert body(Prompt(HELLO, response_format=SCHEMA))["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseJsonSchema": orjson.loads(SCHEMA.schema),
    }
    any_object = Prompt(HELLO, response_format=ResponseFormat(ResponseType.JSON_OBJECT))
    assert body(any_object)["generationConfig"] == {"responseMimeType": "application/json"}
    assert adapted(any_object) == []


def test_json_beside_tools_is_asked_for_in_words_where_the_api_has_no_both() -> None:
    for wanted in (SCHEMA, ResponseFormat(ResponseType.JSON_OBJECT)):
        both = Prompt(HELLO, (TOOL,), response_format=wanted)
        assert "responseMimeType" in body(both, NEW)["generationConfig"]
        assert adapted(both, NEW) == []
        assert "generationConfig" not in body(both)
        assert "JSON" in body(both)["systemInstruction"]["parts"][0]["text"]
        assert adapted(both) == [(AdaptationKind.MAPPED, "response_format.type")]


def test_keywords_that_the_api_ignores_are_named() -> None:
    inner = {"type": "string", "pattern": "^a", "description": "named pattern"}
    schema = {"$defs": {"x": {"not": {}}}, "properties": {"pattern": inner, "b": {"items": [{"uniqueItems": True}]}}}
    prompt = Prompt(
        HELLO, response_format=ResponseFormat(ResponseType.JSON_SCHEMA, schema=orjson.dumps(schema).decode())
    )
    assert body(prompt)["generationConfig"]["responseJsonSchema"] == schema
    [warning] = encoded(FLASH, prompt).adaptations
    assert (warning.kind, warning.field) == (AdaptationKind.DROPPED, "prompt.response_format.schema")
    assert warning.detail == "the API does not follow not, pattern, uniqueItems"


# Sampling and thinking.


def test_sampling_is_sent_whole() -> None:
    sampling = Sampling(0.5, 0.9, 40, 100, ("a", "b"), 7, 0.1, 0.2)
    assert body(Prompt(HELLO, sampling=sampling))["generationConfig"] == {
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 40,
        "maxOutputTokens": 100,
        "stopSequences": ["a", "b"],
        "seed": 7,
        "frequencyPenalty": 0.1,
        "presencePenalty": 0.2,
    }
    assert adapted(Prompt(HELLO, sampling=sampling)) == []


def test_what_exceeds_the_apis_limits_is_reduced_with_a_warning() -> None:
    sampling = Sampling(max_output_tokens=100_000, stop_sequences=tuple("abcdef"), seed=2**40 + 5)
    config = body(Prompt(HELLO, sampling=sampling))["generationConfig"]
    assert config == {"maxOutputTokens": 65_536, "stopSequences": list("abcde"), "seed": 5}
    assert sorted(adapted(Prompt(HELLO, sampling=sampling))) == [
        (AdaptationKind.REDUCED, "sampling.max_output_tokens"),
        (AdaptationKind.REDUCED, "sampling.seed"),
        (AdaptationKind.REDUCED, "sampling.stop_sequences"),
    ]


NONE, LOW, MEDIUM, HIGH = (ReasoningEffort(each) for each in ("none", "low", "medium", "high"))
MINIMAL, XHIGH, MAX = ReasoningEffort.MINIMAL, ReasoningEffort.XHIGH, ReasoningEffort.MAX
MAPPED = [(AdaptationKind.MAPPED, "sampling.reasoning_effort")]
DROPPED = [(AdaptationKind.DROPPED, "sampling.reasoning_effort")]


@pytest.mark.parametrize(
    ("model", "effort", "config", "adaptations"),
    [
        (FLASH, NONE, {"thinkingBudget": 0}, []),
        (FLASH, LOW, {"thinkingBudget": 1024, "includeThoughts": True}, []),
        (FLASH, MEDIUM, {"thinkingBudget": 8192, "includeThoughts": True}, []),
        (FLASH, HIGH, {"thinkingBudget": 24576, "includeThoughts": True}, []),
        (FLASH, MINIMAL, {"thinkingBudget": 512, "includeThoughts": True}, []),
        (FLASH, MAX, {"thinkingBudget": 24576, "includeThoughts": True}, []),
        (PRO, XHIGH, {"thinkingBudget": 32768, "includeThoughts": True}, []),
        (NEW, MINIMAL, {"thinkingLevel": "minimal", "includeThoughts": True}, []),
        (NEW, MAX, {"thinkingLevel": "high", "includeThoughts": True}, MAPPED),
        (LITE, NONE, {"thinkingBudget": 0}, []),
        (PRO, NONE, {"thinkingBudget": 128}, MAPPED),
        (NEW, NONE, {"thinkingLevel": "minimal"}, MAPPED),
        (NEW, MEDIUM, {"thinkingLevel": "medium", "includeThoughts": True}, []),
        (NEW_PRO, NONE, {"thinkingLevel": "low"}, MAPPED),
        (NEW_PRO, HIGH, {"thinkingLevel": "high", "includeThoughts": True}, []),
        ("gemini-3-pro-preview", MEDIUM, {"thinkingLevel": "high", "includeThoughts": True}, MAPPED),
        ("gemini-flash-latest", LOW, {"thinkingLevel": "low", "includeThoughts": True}, []),
        ("gemma-4-31b-it", LOW, {"thinkingLevel": "minimal", "includeThoughts": True}, MAPPED),
        (OLD, HIGH, None, DROPPED),
        (OLD, NONE, None, []),
    ],
)
def test_an_effort_becomes_what_the_model_accepts(
    model: str, effort: ReasoningEffort, config: Any, adaptations: Any
) -> None:
    prompt = Prompt(HELLO, sampling=Sampling(reasoning_effort=effort))
    assert body(prompt, model).get("generationConfig", {}).get("thinkingConfig") == config
    assert adapted(prompt, model) == adaptations


@pytest.mark.parametrize(
    ("model", "sampling", "config", "adaptations"),
    [
        (FLASH, Sampling(reasoning_budget_tokens=700), {"thinkingBudget": 700, "includeThoughts": True}, []),
        (FLASH, Sampling(reasoning_budget_tokens=700, reasoning_summary=False), {"thinkingBudget": 700}, []),
        (
            FLASH,
            Sampling(reasoning_budget_tokens=50_000),
            {"thinkingBudget": 24_576, "includeThoughts": True},
            ["mapped reasoning_budget_tokens"],
        ),
        (
            NEW,
            Sampling(reasoning_budget_tokens=700),
            {"thinkingLevel": "minimal", "includeThoughts": True},
            ["mapped reasoning_budget_tokens"],
        ),
        (NEW, Sampling(reasoning_summary=True), {"includeThoughts": True}, []),
        (NEW, Sampling(reasoning_effort=NONE, reasoning_summary=False), {"thinkingLevel": "minimal"}, None),
        (OLD, Sampling(reasoning_summary=True), {}, ["dropped reasoning_summary"]),
        (OLD, Sampling(reasoning_summary=False), {}, []),
        (OLD, Sampling(reasoning_budget_tokens=700), {}, ["dropped reasoning_budget_tokens"]),
    ],
)
def test_a_budget_and_the_text_of_thinking(
    model: str, sampling: Sampling, config: Any, adaptations: list[str] | None
) -> None:
    prompt = Prompt(HELLO, sampling=sampling)
    thinking = body(prompt, model).get("generationConfig", {}).get("thinkingConfig", {})
    assert {name: value for name, value in thinking.items() if value is not False} == config
    found = [f"{kind} {name.removeprefix('sampling.')}" for kind, name in adapted(prompt, model)]
    assert adaptations is None or found == adaptations


def test_a_part_of_the_tools_is_allowed_in_the_api_or_by_offering_no_others() -> None:
    tools = (Tool("a"), Tool("b"))
    required = Prompt(HELLO, tools, ToolChoice(ToolChoiceMode.REQUIRED, allowed_tools=("a",)))
    assert len(body(required)["tools"][0]["functionDeclarations"]) == 2
    assert body(required)["toolConfig"]["functionCallingConfig"] == {"mode": "ANY", "allowedFunctionNames": ["a"]}
    assert adapted(required) == []
    free = Prompt(HELLO, tools, ToolChoice(allowed_tools=("a",)))
    assert [one["name"] for one in body(free)["tools"][0]["functionDeclarations"]] == ["a"]
    assert adapted(free) == [(AdaptationKind.MAPPED, "tool_choice.allowed_tools")]


# Signatures.


def test_reasoning_of_other_vendors_is_not_sent() -> None:
    prompt = said(Reasoning("Hm", b"c2lnbmF0dXJl"), Reasoning("Hm"), Reasoning("", b"gemini\xffcall:\xff"), Text("a"))
    assert body(prompt)["contents"] == [{"role": "model", "parts": [{"text": "a"}]}]


def test_a_call_without_a_signature_is_marked_where_one_is_required() -> None:
    prompt = said(*CALLS.parts, before=HELLO)
    first, second = body(prompt, NEW)["contents"][1]["parts"]
    assert first["thoughtSignature"] == "skip_thought_signature_validator"
    assert "thoughtSignature" not in second
    assert "skip_thought" not in str(body(prompt))
