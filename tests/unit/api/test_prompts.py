"""Conversion of prompts and preferences: all fields are kept, and every violation is reported."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Struct, Value
from hypothesis import given
from hypothesis import strategies as st
from ymera.v1 import content_pb2 as pb
from ymera.v1 import routing_pb2, ymera_pb2

from ymera_service.api.convert import benchmark, content, routing
from ymera_service.api.convert.content import message_fields
from ymera_service.benchmark.plan import BenchmarkPlan
from ymera_service.routing.decision import Preferences, Weights
from ymera_service.sdk.content import (
    CacheHint,
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
)
from ymera_service.sdk.errors import InvalidRequest
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
from ymera_service.sdk.models import Capability
from ymera_service.serving.checks.limits import MAX_ITEMS, MAX_PARTS
from ymera_service.serving.checks.plans import check_plan
from ymera_service.serving.checks.preferences import check_preferences
from ymera_service.serving.checks.prompts import check_prompt
from ymera_service.serving.checks.providers import provider_of
from ymera_service.serving.checks.violations import MAX_PATTERN, MAX_VIOLATIONS, Violations

USER = pb.Message(role=pb.ROLE_USER, parts=[pb.Part(text="hello")])


RESULT = pb.ToolResult(tool_call_id="c1", parts=[pb.Part(text="42")], is_error=True)


def prompt_of(prompt: pb.Prompt, faults: Violations) -> Prompt:
    """Converts and checks, like a call."""
    converted = content.prompt_of(prompt, faults)
    check_prompt(converted, faults)
    return converted


def preferences_of(preferences: routing_pb2.RoutingPreferences, faults: Violations) -> Preferences:
    converted = routing.preferences_of(preferences, faults)
    check_preferences(converted, faults)
    return converted


def plan_of(request: ymera_pb2.BenchmarkRequest, faults: Violations) -> BenchmarkPlan:
    converted = benchmark.plan_of(request, faults)
    check_plan(converted, faults)
    return converted


def function(**fields: Any) -> pb.Tool:
    return pb.Tool(function=pb.Function(**fields))


def kept(provider: str, id: str) -> pb.Media:
    return pb.Media(provider_file=pb.ProviderFile(provider=provider, id=id))


HIGH = pb.Media.DETAIL_HIGH


def faults_of(prompt: pb.Prompt) -> dict[str, str]:
    faults = Violations()
    prompt_of(prompt, faults)
    return by_field(faults)


def by_field(faults: Violations) -> dict[str, str]:
    try:
        faults.check()
    except InvalidRequest as error:
        return {violation.field: violation.description for violation in error.violations}
    return {}


def with_part(part: pb.Part, role: pb.Role.ValueType = pb.ROLE_USER) -> pb.Prompt:
    return pb.Prompt(messages=[USER, pb.Message(role=role, parts=[part])])


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


PART = "prompt.messages[1].parts[0]"


@pytest.mark.parametrize(
    ("part", "role", "field"),
    [
        (pb.Part(), pb.ROLE_USER, PART),
        (pb.Part(text="a\0"), pb.ROLE_USER, f"{PART}.text"),
        (pb.Part(refusal="a\0"), pb.ROLE_ASSISTANT, f"{PART}.refusal"),
        (pb.Part(tool_call=pb.ToolCall(id="a", name="b")), pb.ROLE_USER, f"{PART}.tool_call"),
        (pb.Part(reasoning=pb.Reasoning(text="a")), pb.ROLE_SYSTEM, f"{PART}.reasoning"),
        (pb.Part(refusal="no"), pb.ROLE_USER, f"{PART}.refusal"),
        (pb.Part(tool_result=pb.ToolResult(tool_call_id="a")), pb.ROLE_ASSISTANT, f"{PART}.tool_result"),
        (pb.Part(text="a"), pb.ROLE_TOOL, f"{PART}.text"),
        (pb.Part(image=pb.Media(uri="https://a.example/")), pb.ROLE_TOOL, f"{PART}.image"),
        (pb.Part(tool_call=pb.ToolCall(name="b")), pb.ROLE_ASSISTANT, f"{PART}.tool_call.id"),
        (pb.Part(tool_call=pb.ToolCall(id="b")), pb.ROLE_ASSISTANT, f"{PART}.tool_call.name"),
        (pb.Part(tool_result=pb.ToolResult()), pb.ROLE_TOOL, f"{PART}.tool_result.tool_call_id"),
        (
            pb.Part(tool_result=pb.ToolResult(tool_call_id="a", parts=[pb.Part(refusal="x")])),
            pb.ROLE_TOOL,
            f"{PART}.tool_result.parts[0]",
        ),
        (
            pb.Part(tool_result=pb.ToolResult(tool_call_id="a", parts=[pb.Part(image=pb.Media(data=b"x"))])),
            pb.ROLE_TOOL,
            f"{PART}.tool_result.parts[0].image.mime_type",
        ),
        (pb.Part(image=pb.Media()), pb.ROLE_USER, f"{PART}.image"),
        (pb.Part(image=pb.Media(data=b"")), pb.ROLE_USER, f"{PART}.image"),
        (pb.Part(image=pb.Media(data=b"x")), pb.ROLE_USER, f"{PART}.image.mime_type"),
        (pb.Part(image=pb.Media(data=b"x", mime_type="png")), pb.ROLE_USER, f"{PART}.image.mime_type"),
        (pb.Part(audio=pb.Media(uri="http://a.example/")), pb.ROLE_USER, f"{PART}.audio.uri"),
        (pb.Part(file=pb.Media(uri="file:///etc/passwd")), pb.ROLE_USER, f"{PART}.file.uri"),
        (pb.Part(file=pb.Media(uri="https://")), pb.ROLE_USER, f"{PART}.file.uri"),
        (pb.Part(file=pb.Media(uri="gs://bucket/a.pdf")), pb.ROLE_USER, f"{PART}.file.uri"),
        (pb.Part(video=pb.Media()), pb.ROLE_USER, f"{PART}.video"),
        (pb.Part(file=kept("", "f")), pb.ROLE_USER, f"{PART}.file.provider_file.provider"),
        (pb.Part(file=kept("p", "")), pb.ROLE_USER, f"{PART}.file.provider_file.id"),
        (pb.Part(file=kept("p", "x" * 1_025)), pb.ROLE_USER, f"{PART}.file.provider_file.id"),
        (pb.Part(file=pb.Media(uri="https://a.b/", detail=HIGH)), pb.ROLE_USER, f"{PART}.file.detail"),
        (pb.Part(text="a", cache=pb.CacheHint(ttl=Duration())), pb.ROLE_USER, f"{PART}.cache.ttl"),
        (pb.Part(refusal="a", cache=pb.CacheHint()), pb.ROLE_ASSISTANT, f"{PART}.cache"),
        (pb.Part(file=pb.Media(uri="https://[")), pb.ROLE_USER, f"{PART}.file.uri"),
        (pb.Part(file=pb.Media(uri="https://a.example/", filename="\0")), pb.ROLE_USER, f"{PART}.file.filename"),
        (
            pb.Part(tool_result=pb.ToolResult(tool_call_id="a", parts=[pb.Part(audio=pb.Media(uri="https://a.b/"))])),
            pb.ROLE_TOOL,
            f"{PART}.tool_result.parts[0]",
        ),
    ],
)
def test_an_invalid_part_is_reported(part: pb.Part, role: pb.Role.ValueType, field: str) -> None:
    assert list(faults_of(with_part(part, role))) == [field]


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


def test_a_part_of_unknown_kind_is_one_violation_in_any_role() -> None:
    assert list(faults_of(with_part(pb.Part(), pb.ROLE_TOOL))) == [PART]


def test_stop_sequences_are_few_and_not_empty() -> None:
    path = "prompt.sampling.stop_sequences"
    many = pb.SamplingParameters(stop_sequences=["x"] * 17)
    assert list(faults_of(pb.Prompt(messages=[USER], sampling=many))) == [path]
    empty = pb.SamplingParameters(stop_sequences=["x", ""])
    assert list(faults_of(pb.Prompt(messages=[USER], sampling=empty))) == [f"{path}[1]"]


@pytest.mark.parametrize("name", ["", "x" * 65, "with space", "é", "a.b", "a\n"])
def test_an_invalid_tool_name_is_reported(name: str) -> None:
    assert list(faults_of(pb.Prompt(messages=[USER], tools=[function(name=name)]))) == ["prompt.tools[0].function.name"]


def test_tools_are_unique_and_at_most_128() -> None:
    twice = pb.Prompt(messages=[USER], tools=[function(name="a"), function(name="a")])
    assert list(faults_of(twice)) == ["prompt.tools[1].function.name"]
    many = pb.Prompt(messages=[USER], tools=[function(name=f"t{i}") for i in range(129)])
    assert list(faults_of(many)) == ["prompt.tools"]


Choice = pb.ToolChoice


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        (Choice(mode=Choice.MODE_TOOL, tool_name="b"), "tool_name"),
        (Choice(mode=Choice.MODE_TOOL), "tool_name"),
        (Choice(mode=Choice.MODE_AUTO, tool_name="a"), "tool_name"),
        (Choice(allowed_tools=["a", "b"]), "allowed_tools[1]"),
        (Choice(mode=Choice.MODE_TOOL, tool_name="a", allowed_tools=["a"]), "allowed_tools"),
        (Choice(mode=Choice.MODE_NONE, allowed_tools=["a"]), "allowed_tools"),
    ],
)
def test_a_choice_without_a_valid_tool_is_reported(choice: pb.ToolChoice, field: str) -> None:
    prompt = pb.Prompt(messages=[USER], tools=[function(name="a")], tool_choice=choice)
    assert list(faults_of(prompt)) == [f"prompt.tool_choice.{field}"]


def test_a_prompt_without_tools_can_not_require_one() -> None:
    prompt = pb.Prompt(messages=[USER], tool_choice=Choice(mode=Choice.MODE_REQUIRED))
    assert list(faults_of(prompt)) == ["prompt.tool_choice.mode"]


def test_files_that_a_provider_keeps_details_and_hints_are_read() -> None:
    hint = pb.CacheHint(ttl=Duration(seconds=3_600))
    result = pb.ToolResult(tool_call_id="c", parts=[pb.Part(image=kept("p", "f2"))])
    given_prompt = pb.Prompt(
        messages=[
            pb.Message(
                role=pb.ROLE_USER,
                parts=[
                    pb.Part(text="a", cache=hint),
                    pb.Part(video=kept("p", "gs://b/f.mp4")),
                    pb.Part(image=pb.Media(uri="https://a.example/", detail=HIGH), cache=pb.CacheHint()),
                ],
            ),
            pb.Message(role=pb.ROLE_TOOL, parts=[pb.Part(tool_result=result, cache=hint)]),
        ],
        tools=[
            pb.Tool(function=pb.Function(name="f"), cache=hint),
            pb.Tool(provider_tool=pb.ProviderTool(name="web_search"), cache=pb.CacheHint()),
        ],
    )
    faults = Violations()
    prompt = prompt_of(given_prompt, faults)
    faults.check()
    usual, hour = CacheHint(), CacheHint(3_600.0)
    picture = Media(MediaKind.IMAGE, uri="https://a.example/", detail=Detail.HIGH, cache=usual)
    film = Media(MediaKind.VIDEO, file_id="gs://b/f.mp4", provider="p")
    inner = Media(MediaKind.IMAGE, file_id="f2", provider="p")
    assert prompt.messages[0].parts == (Text("a", hour), film, picture)
    assert prompt.messages[1].parts == (ToolResult("c", (inner,), cache=hour),)
    assert (prompt.tools, prompt.provider_tools) == (
        (Tool("f", cache=hour),),
        (ProviderTool("web_search", cache=usual),),
    )
    assert provider_of(prompt, faults) == "p"


def test_files_and_tools_of_two_providers_fit_no_model() -> None:
    faults = Violations()
    message = Message(Role.USER, (Media(MediaKind.FILE, file_id="f", provider="p"),))
    provider_of(Prompt((message,), provider_tools=(ProviderTool("a", "q"),)), faults)
    assert list(by_field(faults)) == ["prompt"]


@pytest.mark.parametrize("tier", list(ServiceTier))
@pytest.mark.parametrize("tools", [[], [pb.Tool(function=pb.Function(name="f"))]])
def test_a_service_tier_is_read(tier: ServiceTier, tools: list[pb.Tool]) -> None:
    number = pb.ServiceTier.Value(f"SERVICE_TIER_{tier.name}")
    faults = Violations()
    prompt = pb.Prompt(messages=[USER], tools=tools, service_tier=number)
    assert prompt_of(prompt, faults).service_tier is tier
    prompt.service_tier = 99  # type: ignore[assignment]  # of a later version
    assert list(faults_of(prompt)) == ["prompt.service_tier"]


def hosted(**fields: Any) -> pb.Tool:
    return pb.Tool(provider_tool=pb.ProviderTool(**fields))


def test_tools_of_the_provider_are_read_beside_functions() -> None:
    options = Struct()
    options.update({"vector_store_ids": ["a"], "max_num_results": 5})
    given_prompt = pb.Prompt(
        messages=[USER],
        tools=[
            hosted(name="web_search"),
            function(name="a"),
            hosted(name="file_search", provider="p", options=options),
        ],
        tool_choice=Choice(mode=Choice.MODE_REQUIRED, max_tool_calls=3),
    )
    faults = Violations()
    prompt = prompt_of(given_prompt, faults)
    faults.check()
    assert prompt.tools == (Tool("a"),)
    assert prompt.provider_tools == (
        ProviderTool("web_search"),
        ProviderTool("file_search", "p", {"vector_store_ids": ["a"], "max_num_results": 5}),
    )
    assert prompt.tool_choice == ToolChoice(ToolChoiceMode.REQUIRED, max_tool_calls=3)


@pytest.mark.parametrize(
    ("tool", "field"),
    [
        (pb.Tool(), ""),
        (hosted(), ".provider_tool.name"),
        (hosted(name="no spaces", provider="p"), ".provider_tool.name"),
        (hosted(name="file_search"), ".provider_tool.name"),
        (hosted(name="web_search", options=Struct(fields={"a": Value(number_value=1)})), ".provider_tool.options"),
        (function(name="b"), ".function.name"),
    ],
)
def test_a_tool_that_is_wrong_is_named_by_its_place_among_all(tool: pb.Tool, field: str) -> None:
    faults = faults_of(pb.Prompt(messages=[USER], tools=[function(name="b"), hosted(name="code_execution"), tool]))
    assert list(faults) == [f"prompt.tools[2]{field}"]


def test_the_options_of_tools_are_short_and_only_tools_of_the_provider_are_bounded() -> None:
    options = Struct(fields={"a": Value(string_value="x" * 70_000)})
    assert list(faults_of(pb.Prompt(messages=[USER], tools=[hosted(name="a", provider="p", options=options)]))) == [
        "prompt.tools"
    ]
    bounded = pb.Prompt(messages=[USER], tools=[function(name="a")], tool_choice=Choice(max_tool_calls=0))
    assert list(faults_of(bounded)) == ["prompt.tool_choice.max_tool_calls"]


def test_a_prompt_with_its_own_tools_of_a_provider_is_for_that_provider_alone() -> None:
    faults = Violations()
    both = (ProviderTool("a", "p"), ProviderTool("b", "p"), ProviderTool("web_search"))
    assert provider_of(Prompt((), provider_tools=both), faults) == "p"
    faults.check()
    provider_of(Prompt((), provider_tools=(*both, ProviderTool("c", "q"))), faults)
    assert list(by_field(faults)) == ["prompt"]


@pytest.mark.parametrize(
    ("block", "field"), [(pb.ProviderBlock(format="f"), "data"), (pb.ProviderBlock(data=b"{}"), "format")]
)
def test_a_block_of_a_provider_is_whole_and_stands_in_an_answer(block: pb.ProviderBlock, field: str) -> None:
    part = pb.Part(provider_block=block)
    answer = pb.Message(role=pb.ROLE_ASSISTANT, parts=[part])
    path = "prompt.messages[1].parts[0].provider_block"
    assert list(faults_of(pb.Prompt(messages=[USER, answer]))) == [f"{path}.{field}"]
    answer.role = pb.ROLE_USER
    assert list(faults_of(pb.Prompt(messages=[USER, answer]))) == [path]


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


def test_all_fields_of_preferences_are_kept() -> None:
    wanted = routing_pb2.RoutingPreferences(
        weights=routing_pb2.RoutingWeights(quality=2, speed=1, cost=1),
        allow_models=["a/*"],
        deny_models=["a/b"],
        required_capabilities=[routing_pb2.CAPABILITY_TOOLS, routing_pb2.CAPABILITY_REASONING],
        max_cost_micros=0,
        prefer_free=True,
        session_id="s" * 128,
        category_hint="math",
        model="a/c",
        fallback_models=["a/d"],
        max_attempts=2,
        no_failover=True,
    )
    wanted.max_latency.FromMilliseconds(1500)
    wanted.first_token_timeout.FromMilliseconds(250)
    faults = Violations()
    preferences = preferences_of(wanted, faults)
    faults.check()
    assert preferences.weights is not None
    assert (preferences.weights.quality, preferences.weights.speed, preferences.weights.cost) == (2, 1, 1)
    assert (preferences.allow_models, preferences.deny_models) == (("a/*",), ("a/b",))
    assert preferences.required_capabilities == {Capability.TOOLS, Capability.REASONING}
    assert (preferences.max_cost_micros, preferences.max_latency) == (0, 1.5)
    assert preferences.prefer_free
    assert (preferences.session_id, preferences.category_hint) == ("s" * 128, "math")
    assert preferences.listed_models == ("a/c", "a/d")
    assert (preferences.max_attempts, preferences.no_failover, preferences.first_token_timeout) == (2, True, 0.25)


def test_all_invalid_preferences_are_reported_together() -> None:
    wanted = routing_pb2.RoutingPreferences(
        weights=routing_pb2.RoutingWeights(quality=-1, speed=math.nan),
        allow_models=[""],
        deny_models=["a\0"],
        required_capabilities=[routing_pb2.CAPABILITY_UNSPECIFIED],
        max_cost_micros=-1,
        session_id="s" * 129,
        category_hint="h" * 129,
    )
    wanted.max_latency.seconds = 0
    faults = Violations()
    preferences_of(wanted, faults)
    assert set(by_field(faults)) == {
        f"preferences.{field}"
        for field in (
            "weights.quality",
            "weights.speed",
            "allow_models[0]",
            "deny_models[0]",
            "required_capabilities[0]",
            "max_cost_micros",
            "max_latency",
            "session_id",
            "category_hint",
        )
    }


def test_weights_that_are_all_zero_are_rejected() -> None:
    faults = Violations()
    preferences_of(routing_pb2.RoutingPreferences(weights=routing_pb2.RoutingWeights()), faults)
    assert list(by_field(faults)) == ["preferences.weights"]


def test_one_number_weighs_cost_against_quality() -> None:
    faults = Violations()
    weights = [
        preferences_of(routing_pb2.RoutingPreferences(cost_quality=number), faults).weights for number in (0, 0.5, 1)
    ]
    assert not by_field(faults)
    cheapest, middle, best = weights
    assert (cheapest, middle) == (Weights(0.0, 0.1, 0.9), Weights(0.72, 0.1, 0.18))
    assert best is not None
    assert (best.quality, best.speed, best.cost) == pytest.approx((0.878, 0.1, 0.022), abs=0.001)


@pytest.mark.parametrize(
    "wrong",
    [
        routing_pb2.RoutingPreferences(cost_quality=-0.1),
        routing_pb2.RoutingPreferences(cost_quality=1.1),
        routing_pb2.RoutingPreferences(cost_quality=float("nan")),
        routing_pb2.RoutingPreferences(cost_quality=0.5, weights=routing_pb2.RoutingWeights(quality=1)),
    ],
)
def test_that_number_is_a_share_and_goes_without_weights(wrong: routing_pb2.RoutingPreferences) -> None:
    faults = Violations()
    preferences_of(wrong, faults)
    assert list(by_field(faults)) == ["preferences.cost_quality"]


def test_a_benchmarks_defaults_and_bounds() -> None:
    faults = Violations()
    plan = plan_of(ymera_pb2.BenchmarkRequest(models=["a/*"], seed=3), faults)
    assert not by_field(faults)
    assert (plan.models, plan.seed, plan.tasks_per_category, plan.concurrency) == (("a/*",), 3, 5, 4)
    plan_of(ymera_pb2.BenchmarkRequest(tasks_per_category=1001, concurrency=-1, suites=[""]), faults)
    assert set(by_field(faults)) == {"tasks_per_category", "concurrency", "suites[0]"}
    many = Violations()
    plan_of(ymera_pb2.BenchmarkRequest(models=["*"] * 129), many)
    assert list(by_field(many)) == ["models"]


def test_the_number_of_reported_violations_is_bounded() -> None:
    prompt = pb.Prompt(messages=[pb.Message() for _ in range(1_000)])
    assert len(faults_of(prompt)) == MAX_VIOLATIONS


RESULTS = pb.Message(role=pb.ROLE_TOOL, parts=[pb.Part(tool_result=RESULT)])
TOO_MANY_RESULT_PARTS = pb.Part(tool_result=pb.ToolResult(tool_call_id="c1", parts=[pb.Part(text="42")] * MAX_PARTS))


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


@pytest.mark.parametrize("role", [pb.ROLE_USER, pb.ROLE_ASSISTANT, pb.ROLE_UNSPECIFIED])
def test_a_part_in_a_message_of_the_wrong_role_is_not_checked_further(role: pb.Role.ValueType) -> None:
    faults = faults_of(pb.Prompt(messages=[USER, pb.Message(role=role, parts=[TOO_MANY_RESULT_PARTS])]))
    assert faults["prompt.messages[1].parts[0].tool_result"] == "stands in messages of ROLE_TOOL only"
    assert "prompt.messages" not in faults


@pytest.mark.parametrize("name", ["allow_models", "deny_models"])
def test_patterns_are_few_and_short(name: str) -> None:
    for patterns, field in ((["*"] * 129, name), (["a" * (MAX_PATTERN + 1)], f"{name}[0]")):
        faults = Violations()
        preferences_of(routing_pb2.RoutingPreferences(**{name: patterns}), faults)  # type: ignore[arg-type]
        assert "at most" in by_field(faults)[f"preferences.{field}"]


def test_required_capabilities_are_few() -> None:
    faults = Violations()
    many = [routing_pb2.CAPABILITY_TOOLS] * 100_000
    assert not preferences_of(routing_pb2.RoutingPreferences(required_capabilities=many), faults).required_capabilities
    assert "at most" in by_field(faults)["preferences.required_capabilities"]


def test_the_message_for_a_tool_that_is_not_offered_is_short() -> None:
    choice = pb.ToolChoice(mode=pb.ToolChoice.MODE_TOOL, tool_name="x" * 1_000_000)
    faults = faults_of(pb.Prompt(messages=[USER], tools=[function(name="a")], tool_choice=choice))
    assert len(faults["prompt.tool_choice.tool_name"]) < 200


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
media = st.builds(Media, st.sampled_from(MediaKind), st.just("image/png"), st.binary(min_size=1))
answer_parts: st.SearchStrategy[Part] = st.one_of(
    st.builds(Text, texts),
    st.builds(Refusal, texts),
    st.builds(Reasoning, texts, st.binary()),
    st.builds(ToolCall, names, names, texts),
    media,
    st.builds(ProviderBlock, st.just("acme.messages"), st.binary(min_size=1)),
)


@given(st.lists(answer_parts, min_size=1, max_size=5))
def test_an_answer_sent_back_in_the_next_turn_is_unchanged(parts: list[Part]) -> None:
    answer = Message(Role.ASSISTANT, tuple(parts))
    faults = Violations()
    prompt = prompt_of(pb.Prompt(messages=[USER, pb.Message(**message_fields(answer))]), faults)
    faults.check()
    assert prompt.messages[1] == answer
