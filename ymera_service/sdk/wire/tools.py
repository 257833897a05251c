"""Offers only the tools that may be called, for providers that know no other way to allow a part of them."""

from collections.abc import Sequence

from ymera_service.sdk.generation import Tool, ToolChoice


def allowed(tools: Sequence[Tool], choice: ToolChoice) -> Sequence[Tool]:
    """Returns the tools that may be called."""
    names = choice.allowed_tools
    return [tool for tool in tools if tool.name in names] if names else tools
