"""Tools, their choice, and the form of the answer."""

from collections.abc import Sequence

from ymera.v1 import content_pb2 as pb

from ymera_service.sdk.generation import ResponseFormat, ResponseType, Tool, ToolChoice, ToolChoiceMode
from ymera_service.serving.checks.limits import fits
from ymera_service.serving.checks.prompts import ANY_TOOL, FREE_TEXT
from ymera_service.serving.checks.violations import Violations

_MODES = {
    pb.ToolChoice.MODE_UNSPECIFIED: ToolChoiceMode.AUTO,
    pb.ToolChoice.MODE_AUTO: ToolChoiceMode.AUTO,
    pb.ToolChoice.MODE_NONE: ToolChoiceMode.NONE,
    pb.ToolChoice.MODE_REQUIRED: ToolChoiceMode.REQUIRED,
    pb.ToolChoice.MODE_TOOL: ToolChoiceMode.TOOL,
}
_TYPES = {
    pb.ResponseFormat.TYPE_UNSPECIFIED: ResponseType.TEXT,
    pb.ResponseFormat.TYPE_TEXT: ResponseType.TEXT,
    pb.ResponseFormat.TYPE_JSON_OBJECT: ResponseType.JSON_OBJECT,
    pb.ResponseFormat.TYPE_JSON_SCHEMA: ResponseType.JSON_SCHEMA,
}


def tools_of(tools: Sequence[pb.Tool], faults: Violations) -> tuple[Tool, ...]:
    """Returns the tools."""
    if not fits("prompt.tools", len(tools), faults):
        return ()
    return tuple([Tool(tool.name, tool.description, tool.parameters_schema, tool.strict) for tool in tools])


def tool_choice_of(prompt: pb.Prompt, faults: Violations) -> ToolChoice:
    """Returns which tools have to be used."""
    if not prompt.HasField("tool_choice"):
        return ANY_TOOL
    choice = prompt.tool_choice
    mode = _MODES.get(choice.mode)
    if mode is None:
        faults.add("prompt.tool_choice.mode", "is not known")
        return ANY_TOOL
    parallel = choice.parallel_tool_calls if choice.HasField("parallel_tool_calls") else None
    return ToolChoice(mode, choice.tool_name, parallel, _allowed_tools(choice, faults))


def _allowed_tools(choice: pb.ToolChoice, faults: Violations) -> tuple[str, ...]:
    names = choice.allowed_tools
    return tuple(names) if names and fits("prompt.tool_choice.allowed_tools", len(names), faults) else ()


def response_format_of(prompt: pb.Prompt, faults: Violations) -> ResponseFormat:
    """Returns the form asked for."""
    if not prompt.HasField("response_format"):
        return FREE_TEXT
    wanted = prompt.response_format
    form = _TYPES.get(wanted.type)
    if form is None:
        faults.add("prompt.response_format.type", "is not known")
        return FREE_TEXT
    return ResponseFormat(form, wanted.name or "response", wanted.schema, wanted.strict, wanted.description)
