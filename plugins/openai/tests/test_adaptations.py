"""Every parameter is either sent as it was given or reported as adapted."""

import orjson
import pytest
from ymera_openai.chat_completions import ChatCompletions
from ymera_openai.quirks import Quirks, ReasoningControl
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
        "mapped response_format.schema",
        "dropped tool_choice.parallel_tool_calls",
        "dropped tools.strict",
    ]
    assert b"JSON Schema" in poor.encode(GenerateRequest("m", prompt)).body
    assert orjson.loads(poor.encode(GenerateRequest("m", prompt)).body)["response_format"] == {"type": "json_object"}
