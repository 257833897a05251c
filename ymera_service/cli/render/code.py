"""Code within an answer."""

import re

_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")


def last_code_block(text: str) -> str:
    """Returns the contents of the last fenced code block in Markdown; empty if there is none.

    A block that the text does not close is one, too.
    """
    last, fence, lines = "", "", list[str]()
    for line in text.splitlines(keepends=True):
        found = _FENCE.match(line)
        if not fence and found:
            fence, lines = found[1], []
        elif fence and found and found[1].startswith(fence) and not line.strip().strip(fence[0]):
            last, fence = "".join(lines), ""
        elif fence:
            lines.append(line)
    return "".join(lines) if fence else last
