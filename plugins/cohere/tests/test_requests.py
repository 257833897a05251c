"""How a prompt is encoded, and what is adapted."""

from typing import Any

import pytest
from ymera_cohere.message_reader import PLAN

from ymera_service.sdk.content import (
    Detail,
    Media,
    MediaKind,
    Message,
    Part,
    ProviderBlock,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from ymera_service.sdk.errors import (
    InvalidProviderRequest,
)
from ymera_service.sdk.generation import (
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

from .asking import BUDGET, DROPPED, EFFORT, HELLO, MAPPED, OTHER, REDUCED, SUMMARY, TOOL, adapted, body, said


def test_a_plain_prompt_is_nothing_but_its_messages() -> None:
    system = Message(Role.SYSTEM, (Text("Be "), Text("brief.")))
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    assert body(Prompt((system, *HELLO))) == {"model": "m", "stream": False, "messages": messages}


def test_how_to_sample_keeps_to_what_the_api_accepts() -> None:
    sampling = Sampling(0.5, 0.9, 40, 100, ("END",), 7, 0.1, 0.2)
    assert {name: value for name, value in body(Prompt(HELLO, sampling=sampling)).items() if name != "messages"} == {
        "model": "m",
        "stream": False,
        "temperature": 0.5,
        "p": 0.9,
        "k": 40,
        "max_tokens": 100,
        "stop_sequences": ["END"],
        "seed": 7,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
    }
    assert adapted(Prompt(HELLO, sampling=sampling)) == []
    beyond = Sampling(top_p=1, top_k=501, stop_sequences=tuple("abcdef"), frequency_penalty=-2, presence_penalty=2)
    sent = body(Prompt(HELLO, sampling=beyond))
    assert (sent["p"], sent["k"], sent["frequency_penalty"], sent["presence_penalty"]) == (0.99, 500, 0, 1)
    assert sent["stop_sequences"] == list("abcde")
    names = ("top_p", "top_k", "frequency_penalty", "presence_penalty", "stop_sequences")
    assert adapted(Prompt(HELLO, sampling=beyond)) == [(REDUCED, f"sampling.{name}") for name in names]


def test_pictures_are_sent_as_data_or_by_address_and_texts_as_documents() -> None:
    prompt = said(
        Text("Look"),
        Media(MediaKind.IMAGE, "image/jpeg", b"\xff\xd8", detail=Detail.LOW),
        Media(MediaKind.IMAGE, uri="https://example.com/a.png"),
        Media(MediaKind.FILE, "text/markdown", "Ä".encode(), filename="a.md"),
        Media(MediaKind.FILE, "application/json", b"{}"),
        Media(MediaKind.FILE, "text/plain", b"x", filename="a.md"),
    )
    sent = body(prompt)
    assert sent["messages"][0]["content"] == [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9g=", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]
    assert sent["documents"] == [
        {"id": "a.md-1", "data": {"text": "Ä"}},
        {"id": "document-2", "data": {"text": "{}"}},
        {"id": "a.md-3", "data": {"text": "x"}},
    ]
    assert adapted(prompt) == []


@pytest.mark.parametrize(
    "part",
    [
        Media(MediaKind.FILE, "application/pdf", b"%PDF"),
        Media(MediaKind.FILE, "text/plain", b"\xff"),
        Media(MediaKind.FILE, "text/plain", uri="https://example.com/a.txt"),
        Media(MediaKind.AUDIO, "audio/wav", b"RIFF"),
        Media(MediaKind.IMAGE, file_id="kept", provider="cohere"),
        ToolResult("c", (Media(MediaKind.IMAGE, "image/png", b"x"),)),
    ],
)
def test_what_the_api_can_not_express_is_refused(part: Part) -> None:
    with pytest.raises(InvalidProviderRequest):
        body(said(part))


def test_so_are_tools_of_the_provider_and_what_is_not_an_object() -> None:
    for prompt in (
        Prompt(HELLO, provider_tools=(ProviderTool("web_search"),)),
        Prompt(HELLO, tools=(Tool("f", parameters_schema="[]"),)),
        Prompt(HELLO, response_format=ResponseFormat(ResponseType.JSON_SCHEMA, schema="7")),
        said(ToolCall("c", "f", "[1]"), role=Role.ASSISTANT),
    ):
        with pytest.raises(InvalidProviderRequest):
            body(prompt)


CALL = ToolCall("call_1", "f", '{"a":1.50}')


def test_plans_thinking_calls_and_results_go_back() -> None:
    planned = Message(Role.ASSISTANT, (Reasoning("I will call f.", PLAN), CALL))
    thought = Message(Role.ASSISTANT, (Reasoning("So…"), Text("It is 1."), ProviderBlock("x", b"{}")))
    result = Message(Role.TOOL, (ToolResult("call_1", (Text("1"),)),))
    prompt = Prompt((*HELLO, planned, result, thought, *HELLO))
    function = {"name": "f", "arguments": '{"a":1.50}'}
    assert body(prompt, thinks=True)["messages"][1:4] == [
        {
            "role": "assistant",
            "tool_plan": "I will call f.",
            "tool_calls": [{"id": "call_1", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "1"},
        {
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": "So…"}, {"type": "text", "text": "It is 1."}],
        },
    ]
    assert adapted(prompt) == [(DROPPED, "messages.parts.provider_block")]
    assert body(prompt, thinks=False)["messages"][3]["content"] == [{"type": "text", "text": "It is 1."}]


@pytest.mark.parametrize(
    ("choice", "names", "sent", "adaptation"),
    [
        (ToolChoice(), ["f", "g"], None, None),
        (ToolChoice(ToolChoiceMode.NONE), ["f", "g"], "NONE", None),
        (ToolChoice(ToolChoiceMode.REQUIRED), ["f", "g"], "REQUIRED", None),
        (ToolChoice(ToolChoiceMode.TOOL, "g"), ["g"], "REQUIRED", (MAPPED, "tool_choice.tool_name")),
        (ToolChoice(allowed_tools=("f",)), ["f"], None, (MAPPED, "tool_choice.allowed_tools")),
        (
            ToolChoice(parallel_tool_calls=False),
            ["f", "g"],
            None,
            (DROPPED, "tool_choice.parallel_tool_calls"),
        ),
    ],
)
def test_the_choice_among_tools(choice: ToolChoice, names: list[str], sent: str | None, adaptation: Any) -> None:
    prompt = Prompt(HELLO, (TOOL, OTHER), choice)
    read = body(prompt)
    assert [tool["function"]["name"] for tool in read["tools"]] == names
    assert read.get("tool_choice") == sent
    assert adapted(prompt) == ([adaptation] if adaptation else [])
    assert "strict_tools" not in read


def test_tools_have_parameters_and_may_be_strict() -> None:
    read = body(Prompt(HELLO, (TOOL, Tool("g", strict=True))))
    assert [tool["function"]["parameters"] for tool in read["tools"]] == [
        {"type": "object", "properties": {"a": {}}},
        {"type": "object", "properties": {}},
    ]
    assert read["strict_tools"] is True


def test_json_is_asked_for_with_or_without_a_schema() -> None:
    def sent(wanted: ResponseFormat) -> Any:
        return body(Prompt(HELLO, response_format=wanted))["response_format"]

    assert sent(ResponseFormat(ResponseType.JSON_OBJECT)) == {"type": "json_object"}
    schema = ResponseFormat(ResponseType.JSON_SCHEMA, schema='{"type":"object"}', description="A colour")
    wanted = {"type": "object", "description": "A colour"}
    assert sent(schema) == {"type": "json_object", "json_schema": wanted}


@pytest.mark.parametrize(
    ("thinks", "sampling", "sent", "adaptation"),
    [
        (True, Sampling(), None, None),
        (True, Sampling(reasoning_effort=ReasoningEffort.NONE), {"type": "disabled"}, None),
        (True, Sampling(reasoning_budget_tokens=0), {"type": "disabled"}, None),
        (True, Sampling(reasoning_budget_tokens=500), {"type": "enabled", "token_budget": 500}, None),
        (
            None,
            Sampling(reasoning_effort=ReasoningEffort.LOW),
            {"type": "enabled", "token_budget": 1024},
            (MAPPED, EFFORT),
        ),
        (None, Sampling(reasoning_effort=ReasoningEffort.HIGH), {"type": "enabled"}, (MAPPED, EFFORT)),
        (True, Sampling(reasoning_summary=True), None, None),
        (True, Sampling(reasoning_summary=False), None, (DROPPED, SUMMARY)),
        (False, Sampling(reasoning_effort=ReasoningEffort.NONE), None, None),
        (False, Sampling(reasoning_effort=ReasoningEffort.HIGH), None, (DROPPED, EFFORT)),
        (False, Sampling(reasoning_budget_tokens=500), None, (DROPPED, BUDGET)),
        (False, Sampling(reasoning_summary=True), None, (DROPPED, SUMMARY)),
        (False, Sampling(reasoning_summary=False), None, None),
    ],
)
def test_thinking_is_bounded_by_tokens(thinks: bool | None, sampling: Sampling, sent: Any, adaptation: Any) -> None:
    prompt = Prompt(HELLO, sampling=sampling)
    assert body(prompt, thinks).get("thinking") == sent
    assert adapted(prompt, thinks) == ([adaptation] if adaptation else [])


def test_service_tiers_and_probabilities_are_not_supported() -> None:
    prompt = Prompt(HELLO, sampling=Sampling(logprobs=1), service_tier=ServiceTier.FLEX)
    assert adapted(prompt) == [(DROPPED, "sampling.logprobs"), (DROPPED, "service_tier")]
