"""How tools, the choice among them and the format of an answer are encoded."""

from typing import Any

import orjson
import pytest

from ymera_service.sdk.generation import (
    Prompt,
    ProviderTool,
    ResponseFormat,
    ResponseType,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)

from .asking import (
    CHOICES,
    HAIKU_3,
    HELLO,
    HISTORY,
    LLAMA,
    MISTRAL,
    NOVA,
    NOVA_2,
    SCHEMA,
    SONNET,
    TOOL,
    UNKNOWN,
    adapted,
    body,
)


def test_tools_are_sent_with_their_schemas() -> None:
    config = body(Prompt(HELLO, (TOOL, Tool("g"))))["toolConfig"]
    schema = orjson.loads(TOOL.parameters_schema)
    assert config == {
        "tools": [
            {"toolSpec": {"name": "f", "description": "Does it.", "inputSchema": {"json": schema}, "strict": True}},
            {"toolSpec": {"name": "g", "inputSchema": {"json": {"type": "object", "properties": {}}}}},
        ]
    }
    assert adapted(Prompt(HELLO, (TOOL,)), HAIKU_3) == ["dropped tools.strict"]
    assert "strict" not in body(Prompt(HELLO, (TOOL,)), HAIKU_3)["toolConfig"]["tools"][0]["toolSpec"]


@pytest.mark.parametrize(
    ("model", "choice", "names", "sent", "warnings"),
    [
        (SONNET, ToolChoice(), "fg", None, []),
        (SONNET, ToolChoice(ToolChoiceMode.REQUIRED), "fg", {"any": {}}, []),
        (SONNET, ToolChoice(ToolChoiceMode.TOOL, "g"), "fg", {"tool": {"name": "g"}}, []),
        (SONNET, ToolChoice(allowed_tools=("g",)), "g", None, ["mapped tool_choice.allowed_tools"]),
        (SONNET, ToolChoice(parallel_tool_calls=False), "fg", None, []),
        (NOVA, ToolChoice(parallel_tool_calls=False), "fg", None, ["dropped tool_choice.parallel_tool_calls"]),
        (
            SONNET,
            ToolChoice(ToolChoiceMode.REQUIRED, parallel_tool_calls=False),
            "fg",
            {"any": {}},
            ["dropped tool_choice.parallel_tool_calls"],
        ),
        (MISTRAL, ToolChoice(ToolChoiceMode.TOOL, "g"), "g", {"any": {}}, ["mapped tool_choice.tool_name"]),
        (LLAMA, ToolChoice(ToolChoiceMode.TOOL, "g"), "g", None, ["mapped tool_choice.tool_name"]),
        (LLAMA, ToolChoice(ToolChoiceMode.REQUIRED), "fg", None, ["dropped tool_choice.mode"]),
    ],
)
def test_the_choice_among_tools_is_sent_as_the_model_accepts_it(
    model: str, choice: ToolChoice, names: str, sent: Any, warnings: list[str]
) -> None:
    prompt = Prompt(HELLO, CHOICES, choice)
    config = body(prompt, model)["toolConfig"]
    assert [tool["toolSpec"]["name"] for tool in config["tools"]] == list(names)
    assert config.get("toolChoice") == sent
    assert adapted(prompt, model) == warnings


def test_claude_is_kept_from_parallel_calls_by_its_own_field() -> None:
    sent = body(Prompt(HELLO, CHOICES, ToolChoice(parallel_tool_calls=False)))
    wanted = {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}
    assert sent["additionalModelRequestFields"] == wanted
    assert "additionalModelRequestFields" not in body(Prompt(HELLO, CHOICES, ToolChoice(parallel_tool_calls=True)))
    assert "additionalModelRequestFields" not in body(Prompt(HELLO, tool_choice=ToolChoice(parallel_tool_calls=False)))


def test_tools_that_must_not_be_called_are_not_offered() -> None:
    prompt = Prompt(HELLO, CHOICES, ToolChoice(ToolChoiceMode.NONE))
    assert body(prompt).keys() == {"messages"}
    assert adapted(prompt) == []


@pytest.mark.parametrize("tools", [(), CHOICES])
def test_the_tools_of_earlier_calls_are_sent_although_they_must_not_be_called(tools: tuple[Tool, ...]) -> None:
    prompt = Prompt(HISTORY, tools, ToolChoice(ToolChoiceMode.NONE))
    sent = body(prompt)
    assert sent["toolConfig"]["tools"][0]["toolSpec"]["name"] == "f"
    assert "toolChoice" not in sent["toolConfig"]
    assert sent["system"] == [{"text": "Answer without calling a tool."}]
    assert adapted(prompt) == ["mapped tool_choice.mode"]


def test_tools_of_the_provider_have_the_names_of_nova() -> None:
    hosted = (ProviderTool("web_search"), ProviderTool("code_execution"), ProviderTool("nova_x", "bedrock"))
    prompt = Prompt(HELLO, tool_choice=ToolChoice(max_tool_calls=2), provider_tools=hosted)
    names = [tool["systemTool"]["name"] for tool in body(prompt, NOVA_2)["toolConfig"]["tools"]]
    assert names == ["nova_grounding", "nova_code_interpreter", "nova_x"]
    assert adapted(prompt, NOVA_2) == ["dropped tool_choice.max_tool_calls"]


# The format of the answer.


def test_a_schema_is_sent_as_text_and_closed_for_claude() -> None:
    wanted = ResponseFormat(ResponseType.JSON_SCHEMA, "colour", SCHEMA.schema, description="A colour.")
    [structure] = [body(Prompt(HELLO, response_format=wanted))["outputConfig"]["textFormat"]["structure"]]
    closed = {"type": "object", "additionalProperties": False}
    assert structure["jsonSchema"]["name"] == "colour"
    assert structure["jsonSchema"]["description"] == "A colour."
    assert orjson.loads(structure["jsonSchema"]["schema"]) == {**closed, "properties": {"a": closed}}
    other = body(Prompt(HELLO, response_format=SCHEMA), UNKNOWN)["outputConfig"]["textFormat"]["structure"]
    assert orjson.loads(other["jsonSchema"]["schema"]) == orjson.loads(SCHEMA.schema)


@pytest.mark.parametrize(
    ("model", "wanted", "words"),
    [
        (NOVA, SCHEMA, "follows this JSON Schema"),
        (SONNET, ResponseFormat(ResponseType.JSON_OBJECT), "one JSON object"),
    ],
)
def test_a_format_that_the_api_lacks_is_asked_for_in_words(model: str, wanted: ResponseFormat, words: str) -> None:
    prompt = Prompt(HELLO, response_format=wanted)
    assert words in body(prompt, model)["system"][0]["text"]
    assert adapted(prompt, model) == ["mapped response_format.type"]
