"""Conversion of tools and of the choice among them."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct, Value
from ymera.v1 import content_pb2 as pb

from tests.unit.api.conftest import USER, by_field, faults_of, function, prompt_of
from ymera_service.sdk.generation import Prompt, ProviderTool, Tool, ToolChoice, ToolChoiceMode
from ymera_service.serving.checks.providers import provider_of
from ymera_service.serving.checks.violations import Violations


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


def test_the_message_for_a_tool_that_is_not_offered_is_short() -> None:
    choice = pb.ToolChoice(mode=pb.ToolChoice.MODE_TOOL, tool_name="x" * 1_000_000)
    faults = faults_of(pb.Prompt(messages=[USER], tools=[function(name="a")], tool_choice=choice))
    assert len(faults["prompt.tool_choice.tool_name"]) < 200
