"""Tools, their choice, and the form of the answer."""

import re
from collections.abc import Collection, Sequence

from ymera_service.sdk.generation import (
    CODE_EXECUTION,
    WEB_SEARCH,
    Prompt,
    ProviderTool,
    ResponseFormat,
    ResponseType,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)
from ymera_service.serving.checks.content import check_hint
from ymera_service.serving.checks.schemas import schema_fault
from ymera_service.serving.checks.violations import MAX_PATTERN, Violations

MAX_SCHEMA_BYTES = 1024 * 1024
"""Of all tools' schemas together."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PROVIDERS_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_COMMON = (WEB_SEARCH, CODE_EXECUTION)
_NAME_RULE = "has to be 1–64 characters of letters, digits, underscore and hyphen"


def check_tools(tools: Sequence[Tool], faults: Violations) -> None:
    """Notes every fault of the tools under `prompt.tools`."""
    if (size := sum([len(tool.parameters_schema) for tool in tools])) > MAX_SCHEMA_BYTES:
        faults.add("prompt.tools", f"have schemas of {size:,} bytes; at most {MAX_SCHEMA_BYTES:,} are allowed")
        return
    seen: set[str] = set()
    for i, tool in enumerate(tools):
        _check_tool(tool, f"prompt.tools[{i}]", seen, faults)


def _check_tool(tool: Tool, path: str, seen: set[str], faults: Violations) -> None:
    if not _NAME.fullmatch(tool.name):
        faults.add(f"{path}.name", _NAME_RULE)
    elif tool.name in seen:
        faults.add(f"{path}.name", f"repeats {tool.name!r}; the name of each tool has to be unique")
    seen.add(tool.name)
    faults.text(f"{path}.description", tool.description)
    check_hint(tool.cache, path, faults)
    if tool.parameters_schema and (fault := schema_fault(tool.parameters_schema)):
        faults.add(f"{path}.parameters_schema", fault)


def check_provider_tools(tools: Sequence[ProviderTool], faults: Violations) -> None:
    """Notes every fault of the tools that the provider runs itself, under `prompt.provider_tools`."""
    seen: set[str] = set()
    for i, tool in enumerate(tools):
        path = f"prompt.provider_tools[{i}]"
        if not _PROVIDERS_NAME.fullmatch(tool.name):
            faults.add(
                f"{path}.name", "has to be 1–64 characters of letters, digits, underscore, hyphen, colon and dot"
            )
        elif tool.name in seen:
            faults.add(f"{path}.name", f"repeats {tool.name!r}; each tool is offered once")
        elif not tool.provider and tool.name not in _COMMON:
            faults.add(f"{path}.name", f"is not one of {', '.join(_COMMON)}; for a provider's own name set provider")
        seen.add(tool.name)
        check_hint(tool.cache, path, faults)
        faults.text(f"{path}.provider", tool.provider, max_length=MAX_PATTERN)
        if tool.options and not tool.provider:
            faults.add(f"{path}.options", "have the form of one provider; set provider, or leave them out")


def check_tool_choice(prompt: Prompt, faults: Violations) -> None:
    """Notes a choice that the tools don't allow, under `prompt.tool_choice`."""
    choice, tools = prompt.tool_choice, prompt.tools
    name, offered = choice.tool_name, {tool.name for tool in tools}
    if choice.max_tool_calls is not None:
        faults.number("prompt.tool_choice.max_tool_calls", choice.max_tool_calls, 1)
        if not prompt.provider_tools:
            faults.add("prompt.tool_choice.max_tool_calls", "bounds provider_tools, and the prompt offers none")
    if choice.allowed_tools:
        _check_allowed(choice, offered, faults)
    if choice.mode is ToolChoiceMode.TOOL:
        if name not in offered:
            faults.add("prompt.tool_choice.tool_name", f"{name[:64]!r} is not among the tools offered")
    elif name:
        faults.add("prompt.tool_choice.tool_name", "goes with MODE_TOOL only; leave it empty or set that mode")
    elif choice.mode is ToolChoiceMode.REQUIRED and not (tools or prompt.provider_tools):
        faults.add("prompt.tool_choice.mode", "requires a tool call but the prompt offers no tools")


def _check_allowed(choice: ToolChoice, offered: Collection[str], faults: Violations) -> None:
    path = "prompt.tool_choice.allowed_tools"
    if choice.mode not in (ToolChoiceMode.AUTO, ToolChoiceMode.REQUIRED):
        faults.add(path, "go with MODE_AUTO and MODE_REQUIRED only; leave them out or set one of these modes")
        return
    for i, name in enumerate(choice.allowed_tools):
        if name not in offered:
            faults.add(f"{path}[{i}]", f"{name[:64]!r} is not among the tools offered")


def check_response_format(wanted: ResponseFormat, faults: Violations) -> None:
    """Notes what is wrong with the form asked for, under `prompt.response_format`."""
    if not _NAME.fullmatch(wanted.name):
        faults.add("prompt.response_format.name", _NAME_RULE)
    faults.text("prompt.response_format.description", wanted.description)
    path = "prompt.response_format.schema"
    if wanted.type is not ResponseType.JSON_SCHEMA:
        if wanted.schema:
            faults.add(path, "goes with TYPE_JSON_SCHEMA only; set that type or leave the schema out")
        if wanted.description:
            faults.add(
                "prompt.response_format.description", "goes with TYPE_JSON_SCHEMA only; set that type or leave it out"
            )
    elif not wanted.schema:
        faults.add(path, "is required with TYPE_JSON_SCHEMA")
    elif fault := schema_fault(wanted.schema):
        faults.add(path, fault)
