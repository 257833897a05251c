"""Tools, their choice, and the form of the answer."""

import re
from collections.abc import Sequence

from ymera.v1 import content_pb2 as pb

from ymera_service.api.convert.caching import hint_of
from ymera_service.api.convert.options import object_of
from ymera_service.sdk.generation import ProviderTool, ResponseFormat, ResponseType, Tool, ToolChoice, ToolChoiceMode
from ymera_service.serving.checks.limits import fits
from ymera_service.serving.checks.options import MAX_BYTES
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


def tools_of(tools: Sequence[pb.Tool], faults: Violations) -> tuple[tuple[Tool, ...], tuple[ProviderTool, ...]]:
    """Returns the functions, and the tools that the provider runs itself."""
    if not tools or not fits("prompt.tools", len(tools), faults):
        return (), ()
    kinds = [tool.WhichOneof("kind") for tool in tools]
    for i, kind in enumerate(kinds):
        if kind is None:
            faults.add(f"prompt.tools[{i}]", "has no kind that this server knows; set function or provider_tool")
    faults.rename = lambda field: _in_contract(field, kinds)
    functions = [_function(tool) for tool, kind in zip(tools, kinds, strict=True) if kind == "function"]
    hosted = [tool for tool, kind in zip(tools, kinds, strict=True) if kind == "provider_tool"]
    return tuple(functions), _provider_tools(hosted, faults) if hosted else ()


def _function(tool: pb.Tool) -> Tool:
    function = tool.function
    return Tool(function.name, function.description, function.parameters_schema, function.strict, hint_of(tool))


def _provider_tools(tools: Sequence[pb.Tool], faults: Violations) -> tuple[ProviderTool, ...]:
    if (size := sum([tool.provider_tool.options.ByteSize() for tool in tools])) > MAX_BYTES:
        faults.add("prompt.tools", f"have options of {size:,} bytes; at most {MAX_BYTES:,} are allowed")
        return ()
    return tuple(map(_provider_tool, tools))


def _provider_tool(tool: pb.Tool) -> ProviderTool:
    hosted = tool.provider_tool
    return ProviderTool(hosted.name, hosted.provider, object_of(hosted.options), hint_of(tool))


_KINDS = {"tools": "function", "provider_tools": "provider_tool"}
"""The list of our types, and the kind in the contract's one list."""
_PATH = re.compile(r"prompt\.(tools|provider_tools)\[(\d+)\]")


def _in_contract(field: str, kinds: Sequence[str | None]) -> str:
    """Returns where a tool of our types stands in the contract."""
    found = _PATH.match(field)
    if found is None:
        return field
    kind, number = _KINDS[found[1]], int(found[2])
    at = [i for i, each in enumerate(kinds) if each == kind][number]
    return f"prompt.tools[{at}].{kind}{field[found.end() :]}"


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
    most = choice.max_tool_calls if choice.HasField("max_tool_calls") else None
    return ToolChoice(mode, choice.tool_name, parallel, _allowed_tools(choice, faults), most)


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
