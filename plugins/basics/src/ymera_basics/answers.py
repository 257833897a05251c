"""Extracts the final answer from a model's text, without marks, markdown and LaTeX."""

import re
from fractions import Fraction

from ymera_basics.wording import listed

_LONGEST = 20_000
"""The number of characters that are read, from the end of the text, where the final answer is."""
_MARK = re.compile(r"^\s*\[\w[\w -]{0,30}\]\s+")
_LATEX = (
    (re.compile(r"\\d?t?frac\s*\{([^{}]{1,40})\}\s*\{([^{}]{1,40})\}"), r"\1/\2"),
    (re.compile(r"\\(?:boxed|text|textbf|mathrm|mathbf|operatorname)\s*\{([^{}]{0,200})\}"), r"\1"),
    (re.compile(r"\\(?:times|cdot)"), "*"),
    (re.compile(r"\\[()\[\],;! ]|\\(?:left|right|quad|qquad)\b"), " "),
    (re.compile(r"\\([$%#&_])"), r"\1"),
    (re.compile(r"(?<!\w)\$([^$\n]{1,60}[^\s$])\$(?!\d)"), r"\1"),
    (re.compile(r"\{,\}"), ","),
)
_FENCE = re.compile(r"```[\w+-]*\n?(.*?)```", re.DOTALL)
_FINAL = re.compile(
    r"(?:^|[\n.!?])[^\S\n]*(?:the |my |so,? |thus,? |therefore,? |hence,? )*(?:final |correct |right )?(?:answer|"
    r"result|solution)(?: is| would be)?[^\S\n]*[:=]?[^\S\n]*",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<![\w.,/])([-+−]?)[$€£]?[^\S\n]?([-+−]?)(\d{1,3}(?:[,' \u202f\u00a0]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|"
    r"\.\d+)(?:\s*/\s*(\d+(?:\.\d+)?))?(?:[eE]([+-]?\d{1,3}))?(?![\d])"
)
_MIXED = re.compile(r"(?<![\w.,/])([-−]?)(\d+)\s+(\d+)/(\d+)(?!\d)")
_WORDS = dict(
    zip(listed("zero one two three four five six seven eight nine ten eleven twelve"), range(13), strict=True)
)


def plain(answer: str) -> str:
    """Returns an answer without the mark of a simulator, LaTeX and markdown."""
    text = _MARK.sub("", answer[-_LONGEST:])
    for pattern, replacement in (*_LATEX, *_LATEX[1:2]):
        text = pattern.sub(replacement, text)
    text = _FENCE.sub(r"\1", text)
    text = re.sub(r"(\*\*|__)(?=\S)(.{1,400}?)(?<=\S)\1", r"\2", text, flags=re.DOTALL)
    text = re.sub(r"(?<![\w*])\*(?=\S)([^*\n]{1,200})(?<=\S)\*(?![\w*])", r"\1", text)
    text = re.sub(r"^#{1,6}\s+", "", text, flags=re.MULTILINE)
    return text.replace("`", "").replace("’", "'").replace("“", '"').replace("”", '"').strip()


def final(text: str) -> str:
    """Returns what follows the last `Answer:`, on its line or the next; otherwise the whole text."""
    found = [match for match in _FINAL.finditer(text) if text[match.end() :].strip()]
    if not found:
        return text
    rest = text[found[-1].end() :].strip()
    return rest.split("\n\n", 1)[0]


def last_number(text: str) -> Fraction | None:
    """Returns the final number of a text: after `Answer:`, else after the last `=`, else the last one."""
    part = final(text)
    lines = [(line, values) for line in part.splitlines() if (values := _values(line))]
    if not lines:
        return _number_word(part)
    if part is text:
        return lines[-1][1][-1]
    # Both `Answer: 12 apples, that is 3 boxes` and `Answer: 3 × 4 = 12` mean 12.
    line, values = lines[0]
    return values[-1] if "=" in line else values[0]


def _values(line: str) -> list[Fraction]:
    mixed = _MIXED.sub(
        lambda match: (
            f"{match[1]}{int(match[2]) * int(match[4]) + int(match[3])}/{match[4]}" if int(match[4]) else match[0]
        ),
        line,
    )
    return [value for match in _NUMBER.finditer(mixed) if (value := _value(match)) is not None]


def _value(match: re.Match[str]) -> Fraction | None:
    below = Fraction(match[4]) if match[4] else Fraction(1)
    if not below:
        return None
    value = Fraction(re.sub(r"[,' \u202f\u00a0]", "", match[3])) / below
    exponent = int(match[5] or 0)
    value = value * Fraction(10) ** exponent
    return -value if "-" in match[1] + match[2] or "−" in match[1] + match[2] else value


def _number_word(text: str) -> Fraction | None:
    words = [word for word in re.findall(r"[a-z]+", text.lower()) if word in _WORDS]
    return Fraction(_WORDS[words[-1]]) if words else None
