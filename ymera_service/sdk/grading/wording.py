"""Lists of words, written as text."""


def listed(text: str) -> list[str]:
    """Returns the words of a text."""
    return text.split()
