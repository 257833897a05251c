"""Prompts that only one provider can take, as they name what it alone has."""

from collections.abc import Iterator

from ymera_service.sdk.content import Media, ToolResult
from ymera_service.sdk.generation import Prompt
from ymera_service.serving.checks.violations import Violations


def provider_of(prompt: Prompt, faults: Violations) -> str:
    """Returns the provider whose models alone can take a prompt; empty if any may."""
    named = dict.fromkeys(_named(prompt))
    if len(named) > 1:
        faults.add("prompt", f"names tools or files of several providers ({', '.join(named)}); no model has them all")
    return next(iter(named), "")


def _named(prompt: Prompt) -> Iterator[str]:
    for tool in prompt.provider_tools:
        if tool.provider:
            yield tool.provider
    for message in prompt.messages:
        for part in message.parts:
            if type(part) is Media and part.provider:
                yield part.provider
            elif type(part) is ToolResult:
                yield from (inner.provider for inner in part.parts if type(inner) is Media and inner.provider)
