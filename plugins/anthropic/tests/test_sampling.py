"""How an answer is sampled and thought about: parameters, efforts and budgets."""

from collections.abc import Sequence
from dataclasses import replace

import orjson
import pytest
from ymera_anthropic.dialect import MessagesDialect

from ymera_service.sdk.generation import (
    GenerateRequest,
    Prompt,
    ReasoningEffort,
    Sampling,
    ToolChoice,
    ToolChoiceMode,
)

from .asking import (
    ADAPTIVE,
    ALWAYS,
    BETWEEN_TOOLS,
    BUDGETED,
    FOREIGN,
    HI,
    OLD,
    SAMPLERS,
    SECRETIVE,
    TOOL,
    UNASKED,
    Record,
    body_of,
    sampled,
)


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
