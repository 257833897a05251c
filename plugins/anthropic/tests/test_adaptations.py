"""Every parameter is either sent as it was given or reported as adapted."""

import pytest
from ymera_anthropic.dialect import MessagesDialect

from ymera_service.sdk.content import user
from ymera_service.sdk.generation import (
    GenerateRequest,
    Prompt,
    ReasoningEffort,
    ResponseFormat,
    ResponseType,
    Sampling,
    Tool,
)

HI = (user("hi"),)
OLD, LATE, THINKING = "claude-3-haiku-20240307", "claude-opus-4-7", "claude-haiku-4-5"
EVERYTHING = Sampling(1.5, 0.9, 7, 100, ("END",), 5, 0.1, 0.2)
ALWAYS = ["dropped sampling.seed", "dropped sampling.frequency_penalty", "dropped sampling.presence_penalty"]


def adapted(model: str, prompt: Prompt) -> list[str]:
    request = MessagesDialect("2023-06-01").encode(GenerateRequest(model, prompt))
    return [f"{one.kind} {one.field.removeprefix('prompt.')}" for one in request.adaptations]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (OLD, ["reduced sampling.temperature", *ALWAYS]),
        (THINKING, ["reduced sampling.temperature", "dropped sampling.top_p", *ALWAYS]),
        (LATE, [f"dropped sampling.{name}" for name in ("temperature", "top_p", "top_k")] + ALWAYS),
    ],
)
def test_what_is_not_in_the_body_as_given_is_reported(model: str, expected: list[str]) -> None:
    assert adapted(model, Prompt(HI, sampling=EVERYTHING)) == expected


def test_a_limit_above_the_models_is_reduced() -> None:
    assert adapted(OLD, Prompt(HI, sampling=Sampling(max_output_tokens=1_000_000))) == [
        "reduced sampling.max_output_tokens"
    ]


@pytest.mark.parametrize(
    ("model", "effort", "expected"),
    [
        (OLD, ReasoningEffort.HIGH, ["dropped sampling.reasoning_effort"]),
        (OLD, ReasoningEffort.NONE, []),
        (LATE, ReasoningEffort.HIGH, []),
        (THINKING, ReasoningEffort.HIGH, []),
    ],
)
def test_an_effort_that_a_model_does_not_have_is_dropped(
    model: str, effort: ReasoningEffort, expected: list[str]
) -> None:
    assert adapted(model, Prompt(HI, sampling=Sampling(reasoning_effort=effort))) == expected


def test_plain_prompts_are_not_adapted_and_json_is_asked_for_in_words() -> None:
    assert adapted(LATE, Prompt(HI)) == []
    wanted = ResponseFormat(ResponseType.JSON_OBJECT)
    assert adapted(LATE, Prompt(HI, response_format=wanted)) == ["mapped response_format.type"]
    assert adapted(OLD, Prompt(HI, (Tool("f", strict=True),))) == ["dropped tools.strict"]
