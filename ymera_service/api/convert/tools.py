"""Tools, their choice, and the form of the answer."""

import re
from collections.abc import Sequence

from ymera.v1 import content_pb2 as pb

from ymera_service.api.convert.schemas import schema_fault
from ymera_service.api.convert.violations import Violations
from ymera_service.sdk.generation import ResponseFormat, ResponseType, Tool, ToolChoice, ToolChoiceMode

MAX_TOOLS = 128
MAX_SCHEMA_BYTES = 1024 * 1024
"""Of all tools' schemas together."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NAME_RULE = "has to be 1–64 characters of letters, digits, underscore and hyphen"

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
    """Returns the tools, noting every fault in them under `prompt.tools`."""
    if not faults.few("prompt.tools", len(tools), MAX_TOOLS):
        return ()
    if (size := sum([len(tool.parameters_schema) for tool in tools])) > MAX_SCHEMA_BYTES:
        faults.add("prompt.tools", f"have schemas of {size:,} bytes; at most {MAX_SCHEMA_BYTES:,} are allowed")
        return ()
    seen: set[str] = set()
    return tuple(_tool(tool, f"prompt.tools[{i}]", seen, faults) for i, tool in enumerate(tools))


def _tool(tool: pb.Tool, path: str, seen: set[str], faults: Violations) -> Tool:
    if not _NAME.fullmatch(tool.name):
        faults.add(f"{path}.name", _NAME_RULE)
    elif tool.name in seen:
        faults.add(f"{path}.name", f"repeats {tool.name!r}; the name of each tool has to be unique")
    seen.add(tool.name)
    faults.text(f"{path}.description", tool.description)
    if tool.parameters_schema and (fault := schema_fault(tool.parameters_schema)):
        faults.add(f"{path}.parameters_schema", fault)
    return Tool(tool.name, tool.description, tool.parameters_schema, tool.strict)


def tool_choice_of(prompt: pb.Prompt, tools: Sequence[Tool], faults: Violations) -> ToolChoice:
    """Returns which tools have to be used; the default where the prompt does not say."""
    if not prompt.HasField("tool_choice"):
        return ToolChoice()
    choice = prompt.tool_choice
    mode = _MODES.get(choice.mode)
    if mode is None:
        faults.add("prompt.tool_choice.mode", "is not known")
        return ToolChoice()
    _check_choice(mode, choice.tool_name, tools, faults)
    parallel = choice.parallel_tool_calls if choice.HasField("parallel_tool_calls") else None
    return ToolChoice(mode, choice.tool_name, parallel)


def _check_choice(mode: ToolChoiceMode, name: str, tools: Sequence[Tool], faults: Violations) -> None:
    if mode is ToolChoiceMode.TOOL:
        if name not in {tool.name for tool in tools}:
            faults.add("prompt.tool_choice.tool_name", f"{name[:64]!r} is not among the tools offered")
    elif name:
        faults.add("prompt.tool_choice.tool_name", "goes with MODE_TOOL only; leave it empty or set that mode")
    elif mode is ToolChoiceMode.REQUIRED and not tools:
        faults.add("prompt.tool_choice.mode", "requires a tool call but the prompt offers no tools")


def response_format_of(prompt: pb.Prompt, faults: Violations) -> ResponseFormat:
    """Returns the form asked for; free text where the prompt does not say."""
    if not prompt.HasField("response_format"):
        return ResponseFormat()
    wanted = prompt.response_format
    form = _TYPES.get(wanted.type)
    if form is None:
        faults.add("prompt.response_format.type", "is not known")
        return ResponseFormat()
    if wanted.name and not _NAME.fullmatch(wanted.name):
        faults.add("prompt.response_format.name", _NAME_RULE)
    _check_schema(form, wanted.schema, faults)
    return ResponseFormat(form, wanted.name or "response", wanted.schema, wanted.strict)


def _check_schema(type: ResponseType, schema: str, faults: Violations) -> None:
    path = "prompt.response_format.schema"
    if type is not ResponseType.JSON_SCHEMA:
        if schema:
            faults.add(path, "goes with TYPE_JSON_SCHEMA only; set that type or leave the schema out")
    elif not schema:
        faults.add(path, "is required with TYPE_JSON_SCHEMA")
    elif fault := schema_fault(schema):
        faults.add(path, fault)
