"""Prompts that only one provider can take, as they name what it alone has."""

from ymera_service.sdk.generation import Prompt
from ymera_service.serving.checks.violations import Violations


def provider_of(prompt: Prompt, faults: Violations) -> str:
    """Returns the provider whose models alone can take a prompt; empty if any may."""
    if not prompt.provider_tools:
        return ""
    named = dict.fromkeys(tool.provider for tool in prompt.provider_tools if tool.provider)
    if len(named) > 1:
        faults.add("prompt.tools", f"name several providers ({', '.join(named)}); one of them has to run them all")
    return next(iter(named), "")
