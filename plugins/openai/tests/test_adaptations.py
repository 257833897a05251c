"""Every parameter is either sent as it was given or reported as adapted."""

import orjson
import pytest
from ymera_openai.chat_completions import ChatCompletions
from ymera_openai.quirks import Quirks, ReasoningControl, ReasoningEcho
from ymera_openai.responses import Responses

from ymera_service.sdk.content import user
from ymera_service.sdk.generation import (
    GenerateRequest,
    Prompt,
    ReasoningEffort,
    ResponseFormat,
    ResponseType,
    Sampling,
    Tool,
    ToolChoice,
)
from ymera_service.sdk.http import Dialect

HI = (user("hi"),)
OPENAI = Quirks(openai_families=True)
EVERYTHING = Sampling(0.5, 0.9, 7, 100, ("END",), 5, 0.1, 0.2, ReasoningEffort.LOW)


def adapted(dialect: Dialect, prompt: Prompt, model: str = "m") -> list[str]:
    request = dialect.encode(GenerateRequest(model, prompt))
    return [f"{one.kind} {one.field.removeprefix('prompt.')}" for one in request.adaptations]


@pytest.mark.parametrize(
    ("dialect", "model", "expected"),
    [
        (ChatCompletions(Quirks(top_k=True)), "m", []),
        (ChatCompletions(Quirks(seed="")), "m", ["top_k", "seed"]),
        (
            ChatCompletions(Quirks(penalties=False, top_k=True, reasoning=ReasoningControl.NONE)),
            "m",
            ["frequency_penalty", "presence_penalty", "reasoning_effort"],
        ),
        (ChatCompletions(Quirks(top_k=True, reasoning=ReasoningControl.ENABLE_THINKING)), "m", []),
        (
            ChatCompletions(Quirks(openai_families=True, max_tokens="max_completion_tokens")),
            "gpt-5",
            ["temperature", "top_p", "top_k", "stop_sequences", "frequency_penalty", "presence_penalty"],
        ),
        (
            Responses(Quirks(openai_families=True)),
            "gpt-4.1",
            ["top_k", "stop_sequences", "seed", "frequency_penalty", "presence_penalty", "reasoning_effort"],
        ),
    ],
)
def test_what_is_not_in_the_body_is_reported_as_dropped(dialect: Dialect, model: str, expected: list[str]) -> None:
    assert adapted(dialect, Prompt(HI, sampling=EVERYTHING), model) == [f"dropped sampling.{name}" for name in expected]


def test_a_plain_prompt_is_not_adapted() -> None:
    assert adapted(ChatCompletions(Quirks()), Prompt(HI)) == adapted(Responses(Quirks()), Prompt(HI)) == []


@pytest.mark.parametrize("dialect", [ChatCompletions(OPENAI), Responses(OPENAI)])
def test_a_model_that_always_thinks_gets_its_lowest_effort_with_a_warning(dialect: Dialect) -> None:
    quiet = Prompt(HI, sampling=Sampling(reasoning_effort=ReasoningEffort.NONE))
    assert adapted(dialect, quiet, "o3") == ["mapped sampling.reasoning_effort"]
    assert adapted(dialect, quiet, "gpt-5.1") == []


def test_schemas_and_tools_that_a_vendor_does_not_enforce_are_reported() -> None:
    poor = ChatCompletions(Quirks(json_schema=False, strict_tools=False, parallel_tool_calls=False))
    prompt = Prompt(
        HI,
        (Tool("f", strict=True),),
        ToolChoice(parallel_tool_calls=False),
        ResponseFormat(ResponseType.JSON_SCHEMA, schema="{}"),
    )
    assert adapted(poor, prompt) == [
        "dropped tools.strict",
        "dropped tool_choice.parallel_tool_calls",
        "mapped response_format.schema",
    ]
    assert b"JSON Schema" in poor.encode(GenerateRequest("m", prompt)).body
    assert orjson.loads(poor.encode(GenerateRequest("m", prompt)).body)["response_format"] == {"type": "json_object"}


BUDGET = Sampling(reasoning_budget_tokens=700)
SHOWN, HIDDEN = Sampling(reasoning_summary=True), Sampling(reasoning_summary=False)
OPENROUTER = Quirks(reasoning=ReasoningControl.OBJECT, echo=ReasoningEcho.DETAILS)


@pytest.mark.parametrize(
    ("dialect", "sampling", "members", "expected"),
    [
        (ChatCompletions(OPENROUTER), BUDGET, {"reasoning": {"max_tokens": 700}}, []),
        (ChatCompletions(OPENROUTER), HIDDEN, {"reasoning": {"exclude": True}}, []),
        (
            ChatCompletions(Quirks(reasoning=ReasoningControl.ENABLE_THINKING)),
            BUDGET,
            {"enable_thinking": True, "thinking_budget": 700},
            [],
        ),
        (
            ChatCompletions(Quirks(reasoning=ReasoningControl.THINKING)),
            BUDGET,
            {"thinking": {"type": "enabled"}},
            ["mapped sampling.reasoning_budget_tokens"],
        ),
        (
            ChatCompletions(Quirks(reasoning=ReasoningControl.NONE)),
            BUDGET,
            {},
            ["dropped sampling.reasoning_budget_tokens"],
        ),
        (
            ChatCompletions(Quirks()),
            BUDGET,
            {"reasoning_effort": "low"},
            ["mapped sampling.reasoning_budget_tokens"],
        ),
        (ChatCompletions(Quirks()), SHOWN, {}, ["dropped sampling.reasoning_summary"]),
        (ChatCompletions(Quirks()), HIDDEN, {}, []),
        (ChatCompletions(Quirks(echo=ReasoningEcho.CONTENT)), SHOWN, {}, []),
        (ChatCompletions(Quirks(echo=ReasoningEcho.CONTENT)), HIDDEN, {}, ["dropped sampling.reasoning_summary"]),
        (Responses(OPENAI), SHOWN, {"reasoning": {"summary": "auto"}}, []),
        (Responses(OPENAI), HIDDEN, {}, []),
        (
            Responses(OPENAI),
            BUDGET,
            {"reasoning": {"effort": "low"}},
            ["mapped sampling.reasoning_budget_tokens"],
        ),
    ],
)
def test_a_budget_and_the_text_of_thinking(
    dialect: Dialect, sampling: Sampling, members: dict[str, object], expected: list[str]
) -> None:
    prompt = Prompt(HI, sampling=sampling)
    sent = orjson.loads(dialect.encode(GenerateRequest("a-new-model", prompt)).body)
    about = ("reasoning", "reasoning_effort", "enable_thinking", "thinking_budget", "thinking")
    assert {name: sent[name] for name in about if name in sent} == members
    assert adapted(dialect, prompt, "a-new-model") == expected


def test_an_effort_that_a_model_lacks_is_replaced_with_a_warning() -> None:
    most = Prompt(HI, sampling=Sampling(reasoning_effort=ReasoningEffort.MAX))
    assert adapted(ChatCompletions(OPENAI), most, "gpt-5") == ["mapped sampling.reasoning_effort"]


def test_a_vendor_that_can_not_allow_a_part_of_the_tools_is_offered_these_alone() -> None:
    prompt = Prompt(HI, (Tool("a"), Tool("b")), ToolChoice(allowed_tools=("b",)))
    sent = orjson.loads(ChatCompletions(Quirks()).encode(GenerateRequest("m", prompt)).body)
    assert [tool["function"]["name"] for tool in sent["tools"]] == ["b"]
    assert "tool_choice" not in sent
    assert adapted(ChatCompletions(Quirks()), prompt) == ["mapped tool_choice.allowed_tools"]
