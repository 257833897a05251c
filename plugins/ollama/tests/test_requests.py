"""How a prompt is encoded, and what is adapted."""

from typing import Any

import orjson
import pytest
from ymera_ollama.dialect import OllamaDialect
from ymera_ollama.profiles import Profile, Thinking

from ymera_service.sdk.content import (
    Detail,
    Media,
    MediaKind,
    Message,
    Part,
    ProviderBlock,
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
    AdaptationKind,
    GenerateRequest,
    Prompt,
    ProviderTool,
    ReasoningEffort,
    ResponseFormat,
    ResponseType,
    Sampling,
    ServiceTier,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)
from ymera_service.sdk.http import HttpRequest

HELLO = (user("Hello"),)
TOOL, OTHER = Tool("f", "Does it.", '{"type":"object","properties":{"a":{}}}'), Tool("g")
SWITCH: tuple[Thinking, ...] = (False, True)
LEVELS: tuple[Thinking, ...] = ("low", "medium", "high")
DROPPED, MAPPED = AdaptationKind.DROPPED, AdaptationKind.MAPPED


def encoded(prompt: Prompt, profile: Profile, *, stream: bool = False, **settings: Any) -> HttpRequest:
    dialect = OllamaDialect(settings)
    dialect.profiles.learn({"m": profile})
    return dialect.encode(GenerateRequest("m", prompt, stream))


def body(prompt: Prompt, profile: Profile | None = None) -> dict[str, Any]:
    read: dict[str, Any] = orjson.loads(encoded(prompt, profile or Profile()).body)
    return read


def adapted(prompt: Prompt, profile: Profile | None = None) -> list[tuple[AdaptationKind, str]]:
    found = encoded(prompt, profile or Profile()).adaptations
    return [(one.kind, one.field.removeprefix("prompt.")) for one in found]


def said(*parts: Part, role: Role = Role.USER, before: tuple[Message, ...] = ()) -> Prompt:
    return Prompt((*before, Message(role, parts)))


def test_a_plain_prompt_is_nothing_but_its_messages() -> None:
    system = Message(Role.SYSTEM, (Text("Be "), Text("brief.")))
    assert body(Prompt((system, *HELLO))) == {
        "model": "m",
        "stream": False,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        "truncate": False,
    }


def test_settings_are_sent_with_every_request() -> None:
    sent = encoded(Prompt(HELLO), Profile(num_ctx=8192), stream=True, keep_alive="30m")
    assert sent.headers["accept"] == "application/x-ndjson"
    read = orjson.loads(sent.body)
    assert (read["stream"], read["keep_alive"], read["options"]) == (True, "30m", {"num_ctx": 8192})


def test_how_to_sample_is_among_the_options() -> None:
    sampling = Sampling(0.5, 0.9, 40, 100, ("END", "STOP"), 7, 0.1, 0.2)
    assert body(Prompt(HELLO, sampling=sampling))["options"] == {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 40,
        "num_predict": 100,
        "stop": ["END", "STOP"],
        "seed": 7,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
    }
    assert adapted(Prompt(HELLO, sampling=sampling)) == []


def test_probabilities_of_tokens_are_asked_for_beside_them() -> None:
    for count, sent in ((0, {"logprobs": True}), (3, {"logprobs": True, "top_logprobs": 3})):
        prompt = Prompt(HELLO, sampling=Sampling(logprobs=count))
        assert {name: value for name, value in body(prompt).items() if "logprobs" in name} == sent
        assert adapted(prompt) == []


def test_service_tiers_are_not_supported() -> None:
    assert adapted(Prompt(HELLO, service_tier=ServiceTier.PRIORITY)) == [(DROPPED, "service_tier")]
    assert adapted(Prompt(HELLO, service_tier=ServiceTier.STANDARD)) == []


# Messages.


def test_pictures_are_sent_as_data_beside_the_text() -> None:
    prompt = said(Text("Look"), Media(MediaKind.IMAGE, "image/png", b"\x89PNG"), Text(" here"))
    assert body(prompt)["messages"] == [{"role": "user", "content": "Look here", "images": ["iVBORw=="]}]
    assert adapted(prompt) == []
    closely = Media(MediaKind.IMAGE, "image/png", b"\x89PNG", detail=Detail.HIGH, filename="a.png")
    assert adapted(said(closely)) == [(DROPPED, "messages.parts.detail"), (DROPPED, "messages.parts.filename")]


@pytest.mark.parametrize(
    "media",
    [
        Media(MediaKind.IMAGE, "image/png", uri="https://example.com/a.png"),
        Media(MediaKind.IMAGE, file_id="kept", provider="ollama"),
        Media(MediaKind.AUDIO, "audio/wav", b"RIFF"),
        Media(MediaKind.FILE, "application/pdf", b"%PDF"),
    ],
)
def test_other_media_are_refused(media: Media) -> None:
    with pytest.raises(InvalidProviderRequest):
        body(said(media))
    with pytest.raises(InvalidProviderRequest):
        body(said(ToolResult("c", (media,)), role=Role.TOOL))


CALLS = Message(
    Role.ASSISTANT,
    (Reasoning("Which one?"), Text("I see."), ToolCall("call_1", "f", '{"a":1.50}'), ToolCall("ollama_2", "g", "")),
)


def test_thinking_calls_and_results_are_sent_with_the_ids_that_the_model_gave() -> None:
    picture = Media(MediaKind.IMAGE, "image/png", b"\x89PNG")
    results = (ToolResult("call_1", (Text("one"),)), ToolResult("ollama_2", (Text("two"), picture)), Text("And?"))
    sent = encoded(said(*results, role=Role.TOOL, before=(*HELLO, CALLS)), Profile())
    assert b'{"a":1.50}' in sent.body  # as the model wrote it
    assert orjson.loads(sent.body)["messages"][1:] == [
        {
            "role": "assistant",
            "content": "I see.",
            "thinking": "Which one?",
            "tool_calls": [
                {"id": "call_1", "function": {"name": "f", "arguments": {"a": 1.5}}},
                {"function": {"name": "g", "arguments": {}}},
            ],
        },
        {"role": "tool", "tool_name": "f", "tool_call_id": "call_1", "content": "one"},
        {"role": "tool", "tool_name": "g", "content": "two", "images": ["iVBORw=="]},
        {"role": "user", "content": "And?"},
    ]


def test_what_only_another_provider_understands_is_left_out() -> None:
    prompt = said(Text("No"), Refusal(", sorry."), ProviderBlock("anthropic.messages", b"{}"), role=Role.ASSISTANT)
    assert body(prompt)["messages"] == [{"role": "assistant", "content": "No, sorry."}]
    assert adapted(prompt) == [(DROPPED, "messages.parts.provider_block")]


def test_what_the_api_can_not_express_is_refused() -> None:
    for prompt in (
        said(ToolCall("c", "f", "[1]"), role=Role.ASSISTANT),
        Prompt(HELLO, tools=(Tool("f", parameters_schema="[]"),)),
        Prompt(HELLO, response_format=ResponseFormat(ResponseType.JSON_SCHEMA, schema="7")),
        Prompt(HELLO, provider_tools=(ProviderTool("web_search"),)),
    ):
        with pytest.raises(InvalidProviderRequest):
            body(prompt)


# Tools.


def test_tools_are_sent_with_an_object_of_parameters() -> None:
    assert body(Prompt(HELLO, (TOOL, OTHER)))["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "f",
                "description": "Does it.",
                "parameters": {"type": "object", "properties": {"a": {}}},
            },
        },
        {"type": "function", "function": {"name": "g", "parameters": {"type": "object", "properties": {}}}},
    ]


@pytest.mark.parametrize(
    ("choice", "names", "note"),
    [
        (ToolChoice(), ["f", "g"], ""),
        (ToolChoice(ToolChoiceMode.NONE), [], ""),
        (ToolChoice(ToolChoiceMode.REQUIRED), ["f", "g"], "Call one of the tools; do not answer without one."),
        (ToolChoice(ToolChoiceMode.TOOL, "g"), ["g"], "Call the tool g; do not answer without it."),
        (ToolChoice(allowed_tools=("f",)), ["f"], ""),
    ],
)
def test_the_choice_among_tools_is_what_is_offered_and_asked_for(
    choice: ToolChoice, names: list[str], note: str
) -> None:
    prompt = Prompt(HELLO, (TOOL, OTHER), choice)
    sent = body(prompt)
    assert [tool["function"]["name"] for tool in sent.get("tools", [])] == names
    assert [each["content"] for each in sent["messages"] if each["role"] == "system"] == ([note] if note else [])
    where = "allowed_tools" if choice.allowed_tools else "tool_name" if choice.tool_name else "mode"
    assert adapted(prompt) == ([] if choice == ToolChoice() else [(MAPPED, f"tool_choice.{where}")])


def test_a_demand_for_a_call_is_added_to_the_system_prompt() -> None:
    system = Message(Role.SYSTEM, (Text("Be brief."),))
    sent = body(Prompt((system, *HELLO), (TOOL,), ToolChoice(ToolChoiceMode.REQUIRED)))
    assert sent["messages"][0]["content"] == "Be brief.\n\nCall one of the tools; do not answer without one."
    assert len(sent["messages"]) == 2


def test_what_the_api_can_not_bind_is_named() -> None:
    strict = Tool("f", strict=True)
    assert adapted(Prompt(HELLO, (strict,), ToolChoice(parallel_tool_calls=False))) == [
        (DROPPED, "tools.strict"),
        (DROPPED, "tool_choice.parallel_tool_calls"),
    ]
    assert adapted(Prompt(HELLO, (TOOL,), ToolChoice(parallel_tool_calls=True))) == []


# Format.


def test_json_is_asked_for_with_or_without_a_schema() -> None:
    assert body(Prompt(HELLO, response_format=ResponseFormat(ResponseType.JSON_OBJECT)))["format"] == "json"
    schema = ResponseFormat(ResponseType.JSON_SCHEMA, schema='{"type":"object"}')
    assert body(Prompt(HELLO, response_format=schema))["format"] == {"type": "object"}
    described = ResponseFormat(ResponseType.JSON_SCHEMA, schema='{"type":"object"}', description="A colour")
    assert body(Prompt(HELLO, response_format=described))["format"] == {"type": "object", "description": "A colour"}


# Thinking.


@pytest.mark.parametrize(
    ("values", "sampling", "sent", "adaptation"),
    [
        (SWITCH, Sampling(), None, None),
        (SWITCH, Sampling(reasoning_effort=ReasoningEffort.NONE), False, None),
        (SWITCH, Sampling(reasoning_effort=ReasoningEffort.LOW), True, (MAPPED, "sampling.reasoning_effort")),
        (SWITCH, Sampling(reasoning_budget_tokens=99), True, (MAPPED, "sampling.reasoning_budget_tokens")),
        (SWITCH, Sampling(reasoning_summary=True), True, None),
        (SWITCH, Sampling(reasoning_summary=False), None, (DROPPED, "sampling.reasoning_summary")),
        (LEVELS, Sampling(), None, None),
        (LEVELS, Sampling(reasoning_summary=True), None, None),
        (LEVELS, Sampling(reasoning_effort=ReasoningEffort.MEDIUM), "medium", None),
        (LEVELS, Sampling(reasoning_effort=ReasoningEffort.NONE), "low", (MAPPED, "sampling.reasoning_effort")),
        (LEVELS, Sampling(reasoning_effort=ReasoningEffort.MAX), "high", (MAPPED, "sampling.reasoning_effort")),
        (LEVELS, Sampling(reasoning_budget_tokens=8_000), "medium", (MAPPED, "sampling.reasoning_budget_tokens")),
        ((False, *LEVELS), Sampling(reasoning_effort=ReasoningEffort.NONE), False, None),
        (
            ("low", "high"),
            Sampling(reasoning_effort=ReasoningEffort.MEDIUM),
            "high",
            (MAPPED, "sampling.reasoning_effort"),
        ),
        (None, Sampling(reasoning_effort=ReasoningEffort.NONE), False, None),
        (None, Sampling(reasoning_effort=ReasoningEffort.HIGH), True, (MAPPED, "sampling.reasoning_effort")),
        (None, Sampling(reasoning_summary=True), None, None),
        ((), Sampling(reasoning_effort=ReasoningEffort.NONE), None, None),
        ((), Sampling(reasoning_effort=ReasoningEffort.HIGH), None, (DROPPED, "sampling.reasoning_effort")),
        ((), Sampling(reasoning_summary=True), None, (DROPPED, "sampling.reasoning_summary")),
        ((), Sampling(reasoning_summary=False), None, None),
        ((True,), Sampling(reasoning_effort=ReasoningEffort.NONE), None, (DROPPED, "sampling.reasoning_effort")),
    ],
)
def test_thinking_is_asked_for_by_what_the_model_accepts(
    values: tuple[Thinking, ...] | None, sampling: Sampling, sent: Any, adaptation: Any
) -> None:
    prompt, profile = Prompt(HELLO, sampling=sampling), Profile(thinking=values)
    assert body(prompt, profile).get("think") == sent
    assert adapted(prompt, profile) == ([adaptation] if adaptation else [])
