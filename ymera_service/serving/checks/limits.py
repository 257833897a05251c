"""How long the lists of a request may be. Counted before they are converted: a request may hold millions."""

from ymera_service.serving.checks.violations import Violations

MAX_PARTS = 4096
"""Parts in all messages, those of tool results included. Each costs some 20 µs on the event loop: converting,
estimating, classifying."""

MAX_ITEMS = {
    "prompt.messages": 4096,
    "prompt.tools": 128,
    "prompt.tool_choice.allowed_tools": 128,
    "prompt.sampling.stop_sequences": 16,
    "preferences.allow_models": 128,
    "preferences.deny_models": 128,
    "preferences.data_regions": 64,
    "preferences.required_capabilities": 64,
    "preferences.fallback_models": 16,
    "attribution.labels": 16,
    "filter.labels": 16,
    "group_by": 8,
    "group_by_labels": 16,
    "provider_options": 16,
    "inputs": 2048,
    "documents": 1024,
    "models": 128,
    "judge_models": 128,
    "suites": 128,
    "categories": 128,
    "own_suite.tasks": 1000,
    "answers": 32,
    "choices": 32,
    "contains": 32,
}
"""Items of a list by its path; repeated ones count."""


def fits(field: str, count: int, faults: Violations) -> bool:
    """Returns whether a list is short enough to be converted, noting one that is not."""
    most = MAX_ITEMS[field]
    if count > most:
        faults.add(field, f"holds {count:,} items; at most {most:,} are allowed")
    return count <= most


def parts_fit(parts: int, faults: Violations) -> bool:
    """Returns whether the parts of all messages are few enough to be converted, noting it if they are not."""
    if parts > MAX_PARTS:
        faults.add("prompt.messages", f"hold {parts:,} parts; at most {MAX_PARTS:,} are allowed")
    return parts <= MAX_PARTS
