"""Warnings that follow from a declaration alone."""

from dataclasses import replace

import pytest

from ymera_service.sdk.content import Message, ProviderBlock, Role, Text, ToolResult, user
from ymera_service.sdk.features import (
    IGNORED,
    SENT,
    Feature,
    Features,
    Support,
    Treatment,
    dropped,
    each,
    mapped,
    refused,
)
from ymera_service.sdk.generation import Prompt, ServiceTier
from ymera_service.sdk.testing.features import samples
from ymera_service.sdk.wire.declared import Declared, tiers_of

SAMPLES = samples("vendor")
DRIVEN = (
    Feature.JSON_OBJECT,
    Feature.JSON_SCHEMA,
    Feature.STRICT_TOOLS,
    Feature.TOOL_REQUIRED,
    Feature.TOOL_BY_NAME,
    Feature.TOOL_NONE,
    Feature.ALLOWED_TOOLS,
    Feature.ONE_CALL_AT_A_TIME,
    Feature.MAX_TOOL_CALLS,
    Feature.TOOL_ERROR,
    Feature.IMAGE_DETAIL,
    Feature.FILENAME,
    Feature.FLEX,
    Feature.PRIORITY,
)
HI = (user("hi"),)


def warned(features: Features, prompt: Prompt, format: str = "") -> list[str]:
    return [f"{one.kind} {one.field}: {one.detail}" for one in Declared(features, format).of(prompt)]


@pytest.mark.parametrize("feature", DRIVEN)
@pytest.mark.parametrize(("treatment", "kind"), [(dropped("it can't"), "dropped"), (mapped("it can't"), "mapped")])
def test_what_is_mapped_or_dropped_is_warned_of_if_it_is_asked_for(
    feature: Feature, treatment: Treatment, kind: str
) -> None:
    sample = SAMPLES[feature]
    [warning] = warned({feature: treatment}, sample.asking)
    assert warning.startswith(f"{kind} {sample.field}")
    assert warning.endswith(": it can't")
    assert warned({feature: treatment}, sample.plain) == []


@pytest.mark.parametrize("treatment", [SENT, IGNORED, refused("never"), dropped("")])
def test_nothing_else_is_warned_of(treatment: Treatment) -> None:
    features = each(Feature, treatment)
    assert [warned(features, sample.asking) for sample in SAMPLES.values()] == [[]] * len(SAMPLES)


def test_blocks_of_another_format_are_left_out_with_a_warning_for_each_format() -> None:
    blocks = tuple(ProviderBlock(name, b"{}") for name in ("acme", "acme", "ours", "zenith"))
    prompt = Prompt((*HI, Message(Role.ASSISTANT, blocks)))
    field = "dropped prompt.messages.parts.provider_block: it has the format"
    assert warned({}, prompt, "ours") == [f"{field} acme", f"{field} zenith"]


def test_several_parts_that_ask_for_the_same_are_one_warning() -> None:
    failed = ToolResult("call_1", (Text("no"),), is_error=True)
    prompt = Prompt((*HI, Message(Role.TOOL, (failed, failed))))
    assert len(warned({Feature.TOOL_ERROR: dropped("it can't")}, prompt)) == 1


def test_a_tier_that_a_provider_does_not_have_is_dropped() -> None:
    features = tiers_of({ServiceTier.FLEX: "flex"})
    assert {name: each.support for name, each in features.items()} == {Feature.PRIORITY: Support.DROPPED}
    asked = Prompt(HI, service_tier=ServiceTier.PRIORITY)
    assert warned(features, asked) == ["dropped prompt.service_tier: the provider has no tier priority"]
    assert warned(features, replace(asked, service_tier=ServiceTier.STANDARD)) == []
