"""What registered things may be called."""

import re


def check_name(name: str) -> None:
    """A name is lower-case letters, digits and hyphens, as it stands in ids, configuration and reports."""
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name), f"{name!r} is not lower-case letters, digits and hyphens"
