"""How an answer is sampled and thought about."""

from typing import Any

import pytest

from ymera_service.sdk.generation import (
    Prompt,
    ReasoningEffort,
    Sampling,
    ServiceTier,
    ToolChoice,
    ToolChoiceMode,
)

from .asking import (
    CHOICES,
    GPT,
    HAIKU_3,
    HELLO,
    LATE,
    LLAMA,
    NEWEST,
    NOVA,
    NOVA_2,
    OPUS,
    SONNET,
    SONNET_3_7,
    UNKNOWN,
    adapted,
    body,
)

EVERYTHING = Sampling(1.5, 0.9, 7, 100, ("END",), 5, 0.1, 0.2)
ALWAYS = ["dropped sampling.seed", "dropped sampling.frequency_penalty", "dropped sampling.presence_penalty"]


@pytest.mark.parametrize(
    ("model", "config", "fields", "warnings"),
    [
        (HAIKU_3, {"temperature": 1.0, "topP": 0.9}, {"top_k": 7}, ["reduced sampling.temperature"]),
        (SONNET, {"temperature": 1.0}, {"top_k": 7}, ["reduced sampling.temperature", "dropped sampling.top_p"]),
        (LATE, {}, None, [f"dropped sampling.{name}" for name in ("temperature", "top_p", "top_k")]),
        (NOVA, {"temperature": 1.0, "topP": 0.9}, {"inferenceConfig": {"topK": 7}}, ["reduced sampling.temperature"]),
        (
            LLAMA,
            {"temperature": 1.0, "topP": 0.9},
            None,
            ["reduced sampling.temperature", "dropped sampling.top_k"],
        ),
    ],
)
def test_sampling_is_sent_as_the_model_accepts_it(model: str, config: Any, fields: Any, warnings: list[str]) -> None:
    prompt = Prompt(HELLO, sampling=EVERYTHING)
    sent = body(prompt, model)
    assert sent["inferenceConfig"] == {"maxTokens": 100, "stopSequences": ["END"], **config}
    assert sent.get("additionalModelRequestFields") == fields
    assert adapted(prompt, model) == [*warnings, *ALWAYS]
    assert ("additionalModelResponseFieldPaths" in sent) == ("claude" in model)


def test_a_limit_above_the_models_is_reduced() -> None:
    prompt = Prompt(HELLO, sampling=Sampling(max_output_tokens=1_000_000))
    assert body(prompt, HAIKU_3)["inferenceConfig"] == {"maxTokens": 4_096}
    assert adapted(prompt, HAIKU_3) == ["reduced sampling.max_output_tokens"]
    assert adapted(prompt, UNKNOWN) == []


LOW, HIGH, MAX, NONE = ReasoningEffort.LOW, ReasoningEffort.HIGH, ReasoningEffort.MAX, ReasoningEffort.NONE


@pytest.mark.parametrize(
    ("model", "sampling", "fields", "effort", "warnings"),
    [
        (SONNET_3_7, Sampling(reasoning_effort=HIGH), {"type": "enabled", "budget_tokens": 16_384}, None, []),
        (SONNET_3_7, Sampling(reasoning_budget_tokens=2_000), {"type": "enabled", "budget_tokens": 2_000}, None, []),
        (
            SONNET_3_7,
            Sampling(reasoning_budget_tokens=9_000, max_output_tokens=5_000),
            {"type": "enabled", "budget_tokens": 4_999},
            None,
            ["reduced sampling.reasoning_budget_tokens"],
        ),
        (
            SONNET_3_7,
            Sampling(reasoning_effort=LOW, max_output_tokens=500),
            None,
            None,
            ["dropped sampling.reasoning_effort"],
        ),
        (OPUS, Sampling(reasoning_effort=HIGH), {"type": "adaptive"}, "high", []),
        (OPUS, Sampling(reasoning_effort=ReasoningEffort.MINIMAL), {"type": "adaptive"}, "low", ["mapped effort"]),
        (
            OPUS,
            Sampling(reasoning_budget_tokens=5_000),
            {"type": "adaptive"},
            "medium",
            ["mapped sampling.reasoning_budget_tokens"],
        ),
        (OPUS, Sampling(reasoning_effort=NONE), None, None, []),
        (NEWEST, Sampling(reasoning_effort=NONE), {"type": "disabled"}, None, []),
        (HAIKU_3, Sampling(reasoning_effort=HIGH), None, None, ["dropped sampling.reasoning_effort"]),
        (HAIKU_3, Sampling(reasoning_effort=NONE), None, None, []),
        (HAIKU_3, Sampling(reasoning_summary=False), None, None, []),
        (
            SONNET,
            Sampling(reasoning_effort=HIGH, reasoning_summary=False),
            {"type": "enabled", "budget_tokens": 16_384},
            None,
            ["dropped sampling.reasoning_summary"],
        ),
    ],
)
def test_claude_is_asked_to_think_as_its_version_accepts_it(
    model: str, sampling: Sampling, fields: Any, effort: str | None, warnings: list[str]
) -> None:
    prompt = Prompt(HELLO, sampling=sampling)
    sent = body(prompt, model)
    assert sent.get("additionalModelRequestFields", {}).get("thinking") == fields
    assert sent.get("outputConfig", {}).get("effort") == effort
    expected = ["mapped sampling.reasoning_effort" if each == "mapped effort" else each for each in warnings]
    assert adapted(prompt, model) == expected


@pytest.mark.parametrize(
    ("model", "effort", "fields", "warnings"),
    [
        (NOVA_2, HIGH, {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}, []),
        (NOVA_2, MAX, {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}, ["mapped"]),
        (NOVA_2, NONE, None, []),
        (GPT, LOW, {"reasoning_effort": "low"}, []),
        (GPT, NONE, {"reasoning_effort": "low"}, ["mapped"]),
        (NOVA, HIGH, None, ["dropped"]),
        ("us.deepseek.r1-v1:0", NONE, None, ["dropped"]),
    ],
)
def test_other_families_are_asked_to_think_in_their_own_form(
    model: str, effort: ReasoningEffort, fields: Any, warnings: list[str]
) -> None:
    prompt = Prompt(HELLO, sampling=Sampling(reasoning_effort=effort))
    assert body(prompt, model).get("additionalModelRequestFields") == fields
    assert adapted(prompt, model) == [f"{kind} sampling.reasoning_effort" for kind in warnings]


def test_nova_with_its_highest_effort_takes_neither_samplers_nor_a_limit() -> None:
    free = Prompt(HELLO, sampling=Sampling(0.5, 0.9, 7, reasoning_effort=HIGH))
    assert body(free, NOVA_2).keys() == {"messages", "additionalModelRequestFields"}
    assert adapted(free, NOVA_2) == [f"dropped sampling.{name}" for name in ("temperature", "top_p", "top_k")]
    bounded = Prompt(HELLO, sampling=Sampling(0.5, max_output_tokens=100, reasoning_effort=HIGH))
    sent = body(bounded, NOVA_2)
    assert sent["inferenceConfig"] == {"maxTokens": 100, "temperature": 0.5}
    assert sent["additionalModelRequestFields"]["reasoningConfig"]["maxReasoningEffort"] == "medium"
    assert adapted(bounded, NOVA_2) == ["mapped sampling.reasoning_effort"]
    low = Prompt(HELLO, sampling=Sampling(max_output_tokens=100, reasoning_effort=LOW))
    assert adapted(low, NOVA_2) == []


def test_claude_that_thinks_takes_no_samplers_and_that_is_forced_does_not_think() -> None:
    sampling = Sampling(0.5, 0.9, 7, reasoning_effort=HIGH)
    sent = body(Prompt(HELLO, sampling=sampling), SONNET_3_7)
    assert sent["additionalModelRequestFields"].keys() == {"thinking"}
    assert "inferenceConfig" not in sent
    names = ("temperature", "top_p", "top_k")
    assert adapted(Prompt(HELLO, sampling=sampling), SONNET_3_7) == [f"dropped sampling.{name}" for name in names]
    forced = Prompt(HELLO, CHOICES, ToolChoice(ToolChoiceMode.REQUIRED), sampling=Sampling(reasoning_effort=HIGH))
    assert body(forced, OPUS).keys() == {"messages", "toolConfig"}
    assert adapted(forced, OPUS) == ["dropped sampling.reasoning_effort"]


@pytest.mark.parametrize(
    ("tier", "word"),
    [(ServiceTier.STANDARD, "default"), (ServiceTier.FLEX, "flex"), (ServiceTier.PRIORITY, "priority")],
)
def test_the_tier_is_sent(tier: ServiceTier, word: str) -> None:
    prompt = Prompt(HELLO, service_tier=tier)
    assert body(prompt)["serviceTier"] == {"type": word}
    assert adapted(prompt) == []
    assert "serviceTier" not in body(Prompt(HELLO))


def test_probabilities_of_tokens_are_dropped() -> None:
    assert adapted(Prompt(HELLO, sampling=Sampling(logprobs=2))) == ["dropped sampling.logprobs"]
