"""Whole prompts."""

from ymera_service.sdk.generation import Prompt, ResponseFormat, Sampling, ToolChoice
from ymera_service.serving.checks.content import check_messages
from ymera_service.serving.checks.sampling import check_sampling
from ymera_service.serving.checks.tools import (
    check_provider_tools,
    check_response_format,
    check_tool_choice,
    check_tools,
)
from ymera_service.serving.checks.violations import Violations

ANY_TOOL = ToolChoice()
FREE_TEXT = ResponseFormat()
ANY_SAMPLING = Sampling()
"""What a prompt holds that does not say; these very objects are not checked again with each request."""


def check_prompt(prompt: Prompt, faults: Violations) -> None:
    """Notes every fault of a prompt under `prompt`."""
    check_messages(prompt.messages, faults)
    if prompt.tools:
        check_tools(prompt.tools, faults)
    if prompt.provider_tools:
        check_provider_tools(prompt.provider_tools, faults)
    if prompt.tool_choice is not ANY_TOOL:
        check_tool_choice(prompt, faults)
    if prompt.response_format is not FREE_TEXT:
        check_response_format(prompt.response_format, faults)
    if prompt.sampling is not ANY_SAMPLING:
        check_sampling(prompt.sampling, faults)
