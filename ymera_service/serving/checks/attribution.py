"""What a caller says of itself."""

import re
from collections.abc import Mapping

from ymera_service.sdk.context import Attribution
from ymera_service.serving.checks.violations import Violations
from ymera_service.storage.labels import OWN_LABELS

MAX_NAME = 128
"""Characters of an agent's name and an end user."""
MAX_VALUE = 256
"""Characters of a label's value."""
_KEY = re.compile(r"[A-Za-z0-9_./-]{1,64}")


def check_attribution(attribution: Attribution, faults: Violations) -> None:
    """Notes every fault under `attribution`."""
    faults.text("attribution.agent_name", attribution.agent_name, max_length=MAX_NAME)
    faults.text("attribution.end_user", attribution.end_user, max_length=MAX_NAME)
    check_labels("attribution.labels", attribution.labels, faults)
    for key in attribution.labels:
        if key.startswith(OWN_LABELS):
            faults.add("attribution.labels", f"has the key {key[:64]!r}; keys that begin with {OWN_LABELS} are Ymera's")


def check_labels(field: str, labels: Mapping[str, str], faults: Violations) -> None:
    """Notes every fault of labels."""
    for key, value in labels.items():
        if not _KEY.fullmatch(key):
            rule = "1–64 characters of letters, digits, underscore, hyphen, dot and slash"
            faults.add(field, f"has the key {key[:64]!r}; keys have {rule}")
        faults.text(f"{field}[{key[:64]}]", value, max_length=MAX_VALUE)
