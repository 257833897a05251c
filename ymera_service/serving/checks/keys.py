"""Idempotency keys."""

import re

from ymera_service.serving.checks.violations import Violations

_KEY = re.compile(r"[!-~]{1,128}")


def check_key(key: str, faults: Violations) -> None:
    """Notes a key that is not valid."""
    if not _KEY.fullmatch(key):
        faults.add("idempotency_key", "has to be 1–128 visible ASCII characters, such as a UUID")
