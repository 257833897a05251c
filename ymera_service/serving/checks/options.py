"""The caller's own parameters for providers."""

from collections.abc import Mapping
from typing import Any

from ymera_service.serving.checks.violations import Violations

MAX_BYTES = 64 * 1024
"""Of all options together."""
RESERVED = frozenset({"model", "messages", "contents", "input", "prompt", "stream", "stream_options", "n"})
"""What routing, accounting and the decoders depend on."""


def check_options(options: Mapping[str, Mapping[str, Any]], faults: Violations) -> None:
    """Notes options that replace what Ymera depends on, under `provider_options`."""
    for provider, given in options.items():
        for name in sorted(RESERVED & given.keys()):
            faults.add(f"provider_options[{provider[:64]}].{name}", "can't be set here; use the fields of the request")
