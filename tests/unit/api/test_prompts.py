"""Conversion of prompts: all fields are kept, and every violation is reported."""

from __future__ import annotations

import json
import math

import pytest
from ymera.v1 import content_pb2 as pb

from tests.unit.api.conftest import RESULT, TOO_MANY_RESULT_PARTS, USER, by_field, faults_of, function, prompt_of
from ymera_service.sdk.content import Media, MediaKind, Message, Reasoning, Refusal, Role, Text, ToolCall, ToolResult
from ymera_service.sdk.generation import (
    Prompt,
    ReasoningEffort,
    ResponseFormat,
    ResponseType,
    Sampling,
    ServiceTier,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)
from ymera_service.serving.checks.limits import MAX_ITEMS, MAX_PARTS
from ymera_service.serving.checks.violations import MAX_VIOLATIONS, Violations


def test_all_fields_of_a_prompt_are_kept() -> None:
    schema = json.dumps({"type": "object", "properties": {"a": {"type": "integer"}}})
    given_prompt = pb.Prompt(
        messages=[
            pb.Message(role=pb.ROLE_SYSTEM, parts=[pb.Part(text="be brief")]),
            pb.Message(
                role=pb.ROLE_USER,
                parts=[
                    pb.Part(text="look"),
                    pb.Part(image=pb.Media(data=b"\x89PNG", mime_type="image/png")),
                    pb.Part(audio=pb.Media(data=b"RIFF", mime_type="audio/wav; codecs=1")),
                    pb.Part(file=pb.Media(uri="https://example.org/a.pdf", filename="a.pdf")),
                ],
            ),
            pb.Message(
                role=pb.ROLE_ASSISTANT,
                parts=[
                    pb.Part(reasoning=pb.Reasoning(text="hm", signature=b"\x00\x01")),
                    pb.Part(tool_call=pb.ToolCall(id="c1", name="look", arguments='{"a":')),
                    pb.Part(refusal="no"),
                ],
            ),
            pb.Message(
                role=pb.ROLE_TOOL,
                parts=[
                    pb.Part(tool_result=pb.ToolResult(tool_call_id="c1", parts=[pb.Part(text="42")], is_error=True))
                ],
            ),
        ],
        tools=[
            function(name="look", description="looks", parameters_schema=schema, strict=True),
            function(name="wait"),
        ],
        tool_choice=pb.ToolChoice(mode=pb.ToolChoice.MODE_TOOL, tool_name="look", parallel_tool_calls=False),
        response_format=pb.ResponseFormat(type=pb.ResponseFormat.TYPE_JSON_SCHEMA, schema=schema, strict=True),
        sampling=pb.SamplingParameters(
            temperature=0,
            top_p=1,
            top_k=1,
            max_output_tokens=1,
            stop_sequences=["END"],
            seed=-1,
            frequency_penalty=-2,
            presence_penalty=2,
            reasoning_effort=pb.REASONING_EFFORT_HIGH,
            reasoning_summary=False,
        ),
    )
    faults = Violations()
    assert prompt_of(given_prompt, faults) == Prompt(
        messages=(
            Message(Role.SYSTEM, (Text("be brief"),)),
            Message(
                Role.USER,
                (
                    Text("look"),
                    Media(MediaKind.IMAGE, "image/png", b"\x89PNG"),
                    Media(MediaKind.AUDIO, "audio/wav; codecs=1", b"RIFF"),
                    Media(MediaKind.FILE, uri="https://example.org/a.pdf", filename="a.pdf"),
                ),
            ),
            Message(Role.ASSISTANT, (Reasoning("hm", b"\x00\x01"), ToolCall("c1", "look", '{"a":'), Refusal("no"))),
            Message(Role.TOOL, (ToolResult("c1", (Text("42"),), is_error=True),)),
        ),
        tools=(Tool("look", "looks", schema, strict=True), Tool("wait")),
        tool_choice=ToolChoice(ToolChoiceMode.TOOL, "look", parallel_tool_calls=False),
        response_format=ResponseFormat(ResponseType.JSON_SCHEMA, "response", schema, strict=True),
        sampling=Sampling(0, 1, 1, 1, ("END",), -1, -2, 2, ReasoningEffort.HIGH, None, False),
    )
    faults.check()


def test_absent_fields_are_left_to_the_provider() -> None:
    faults = Violations()
    prompt = prompt_of(pb.Prompt(messages=[USER], sampling=pb.SamplingParameters(top_p=0.5)), faults)
    faults.check()
    assert prompt.sampling == Sampling(top_p=0.5)
    assert (prompt.tools, prompt.tool_choice, prompt.response_format) == ((), ToolChoice(), ResponseFormat())


@pytest.mark.parametrize("effort", ["MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH", "MAX"])
def test_every_effort_is_read_and_goes_without_a_budget(effort: str) -> None:
    sampling = pb.SamplingParameters(reasoning_effort=pb.ReasoningEffort.Value(f"REASONING_EFFORT_{effort}"))
    faults = Violations()
    assert prompt_of(pb.Prompt(messages=[USER], sampling=sampling), faults).sampling.reasoning_effort == effort.lower()
    sampling.reasoning_budget_tokens = 2_000
    assert list(faults_of(pb.Prompt(messages=[USER], sampling=sampling))) == ["prompt.sampling.reasoning_budget_tokens"]


def test_an_unknown_role_is_reported() -> None:
    for role in (0, 99):
        message = pb.Message(parts=[pb.Part(text="a")])
        message.role = role  # type: ignore[assignment]  # proto3's enums are open
        assert list(faults_of(pb.Prompt(messages=[USER, message]))) == ["prompt.messages[1].role"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", -0.1),
        ("temperature", 2.1),
        ("temperature", math.nan),
        ("temperature", math.inf),
        ("top_p", 0.0),
        ("top_p", 1.1),
        ("top_k", 0),
        ("max_output_tokens", 0),
        ("frequency_penalty", -2.1),
        ("presence_penalty", 2.1),
        ("reasoning_effort", 9),
        ("reasoning_budget_tokens", 0),
        ("logprobs", -1),
        ("logprobs", 21),
    ],
)
def test_sampling_out_of_range_is_reported(field: str, value: float) -> None:
    sampling = pb.SamplingParameters()
    setattr(sampling, field, value)
    assert list(faults_of(pb.Prompt(messages=[USER], sampling=sampling))) == [f"prompt.sampling.{field}"]


def test_stop_sequences_are_few_and_not_empty() -> None:
    path = "prompt.sampling.stop_sequences"
    many = pb.SamplingParameters(stop_sequences=["x"] * 17)
    assert list(faults_of(pb.Prompt(messages=[USER], sampling=many))) == [path]
    empty = pb.SamplingParameters(stop_sequences=["x", ""])
    assert list(faults_of(pb.Prompt(messages=[USER], sampling=empty))) == [f"{path}[1]"]


@pytest.mark.parametrize("tier", list(ServiceTier))
@pytest.mark.parametrize("tools", [[], [pb.Tool(function=pb.Function(name="f"))]])
def test_a_service_tier_is_read(tier: ServiceTier, tools: list[pb.Tool]) -> None:
    number = pb.ServiceTier.Value(f"SERVICE_TIER_{tier.name}")
    faults = Violations()
    prompt = pb.Prompt(messages=[USER], tools=tools, service_tier=number)
    assert prompt_of(prompt, faults).service_tier is tier
    prompt.service_tier = 99  # type: ignore[assignment]  # of a later version
    assert list(faults_of(prompt)) == ["prompt.service_tier"]


Format = pb.ResponseFormat


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Format(type=Format.TYPE_JSON_SCHEMA), "schema"),
        (Format(type=Format.TYPE_JSON_SCHEMA, schema="{"), "schema"),
        (Format(type=Format.TYPE_JSON_OBJECT, schema="{}"), "schema"),
        (Format(type=Format.TYPE_TEXT, name="a b"), "name"),
        (Format(type=Format.TYPE_TEXT, description="of what"), "description"),
    ],
)
def test_a_format_without_its_schema_is_reported(wanted: pb.ResponseFormat, field: str) -> None:
    assert list(faults_of(pb.Prompt(messages=[USER], response_format=wanted))) == [f"prompt.response_format.{field}"]


def test_the_number_of_reported_violations_is_bounded() -> None:
    prompt = pb.Prompt(messages=[pb.Message() for _ in range(1_000)])
    assert len(faults_of(prompt)) == MAX_VIOLATIONS


RESULTS = pb.Message(role=pb.ROLE_TOOL, parts=[pb.Part(tool_result=RESULT)])


@pytest.mark.parametrize(
    ("prompt", "field"),
    [
        (pb.Prompt(messages=[pb.Message()] * (MAX_ITEMS["prompt.messages"] + 1)), "prompt.messages"),
        (
            pb.Prompt(messages=[pb.Message(role=pb.ROLE_USER, parts=[pb.Part(text="a")] * (MAX_PARTS + 1))]),
            "prompt.messages",
        ),
        (pb.Prompt(messages=[pb.Message(role=pb.ROLE_TOOL, parts=[TOO_MANY_RESULT_PARTS])]), "prompt.messages"),
        (
            pb.Prompt(messages=[USER], sampling=pb.SamplingParameters(stop_sequences=["a"] * 100_000)),
            "prompt.sampling.stop_sequences",
        ),
        (pb.Prompt(messages=[USER], tools=[function(name="a")] * (MAX_ITEMS["prompt.tools"] + 1)), "prompt.tools"),
        (pb.Prompt(messages=[USER], tools=[function(name="a", parameters_schema=" " * 250_000)] * 5), "prompt.tools"),
    ],
)
def test_a_list_that_is_too_long_is_one_violation_and_is_not_checked_further(prompt: pb.Prompt, field: str) -> None:
    faults = faults_of(prompt)
    assert set(faults) == {field}
    assert "at most" in faults[field]


def test_the_maximum_of_messages_and_parts_is_accepted() -> None:
    faults = Violations()
    prompt = prompt_of(pb.Prompt(messages=[USER] * (MAX_PARTS - 2) + [RESULTS]), faults)
    assert not by_field(faults)
    assert len(prompt.messages) == MAX_PARTS - 1
