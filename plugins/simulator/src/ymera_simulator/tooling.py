"""Decides whether a tool is called, which one, and with which arguments."""

import json
import re

from ymera_service.sdk.content import Role, ToolCall
from ymera_service.sdk.generation import Prompt, Tool, ToolChoiceMode
from ymera_simulator.facts import Facts
from ymera_simulator.luck import draw
from ymera_simulator.schemas import sample
from ymera_simulator.solvers.question import LONGEST
from ymera_simulator.wording import listed

_COMMON = frozenset(
    listed(
        "a an and are as at be by can could do does for from get give has have how i in into is it its let me my of "
        "on or please returns return tell that the their there they this to use used using was we what when where "
        "which who will with would you your about any all current if some given tool function value data"
    )
)
_MOST_TOOLS = 200
"""The maximum number of tools that are considered; a prompt may offer more."""
_WORD = re.compile(r"[a-z]{1,40}|\d{1,20}")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def chosen_call(prompt: Prompt, question: str) -> ToolCall | None:
    """Returns the tool call that answers the prompt, or None if the answer is text.

    Raises:
        SchemaRefused: The arguments' schema is not supported; see `schemas`.
    """
    if not prompt.tools or prompt.messages[-1].role is Role.TOOL:
        return None
    tool = _chosen(prompt, question)
    if tool is None:
        return None
    arguments = json.dumps(sample(tool.parameters_schema, Facts(question)), ensure_ascii=False)
    return ToolCall(f"call_{int(draw(tool.name, arguments) * 16**12):012x}", tool.name, arguments)


def _chosen(prompt: Prompt, question: str) -> Tool | None:
    choice = prompt.tool_choice
    if choice.mode is ToolChoiceMode.NONE:
        return None
    if choice.mode is ToolChoiceMode.TOOL:
        return next((tool for tool in prompt.tools if tool.name == choice.tool_name), None)
    stems = _stems(question)
    best = max(prompt.tools[:_MOST_TOOLS], key=lambda tool: _fit(tool, stems))
    return best if choice.mode is ToolChoiceMode.REQUIRED or _fit(best, stems) else None


def _fit(tool: Tool, stems: set[str]) -> int:
    return 2 * len(_stems(tool.name) & stems) + len(_stems(tool.description) & stems)


def _stems(text: str) -> set[str]:
    words = _WORD.findall(_HUMP.sub(" ", text[:LONGEST]).lower())
    return {re.sub(r"(?:ing|ed|es|s|e)$", "", word) if len(word) > 4 else word for word in words if word not in _COMMON}
