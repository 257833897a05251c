"""The requirements on the names of what a plugin registers."""

import re


def check_name(name: str) -> None:
    """Asserts that a name has lower-case letters, digits and hyphens, as it is used in ids, settings and reports."""
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name), f"{name!r} is not lower-case letters, digits and hyphens"
