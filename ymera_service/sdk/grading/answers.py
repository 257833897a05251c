"""A model's answer as the checks read it: without thinking, marks, markdown and LaTeX, beside the question."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

_LONGEST = 8_000
"""The number of characters that are read, from the end of the text, where the final answer is."""
_MARK = re.compile(r"^\s*\[\w[\w -]{0,30}\]\s+")
_THINKING_ENDS = re.compile(r"</(?:think|thinking|thought|reasoning|scratchpad)>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:answer|final|response|output|result|b|i|strong|em|code|pre|p)>|<br */?>", re.IGNORECASE)
_LATEX = (
    (re.compile(r"\\[dt]?frac\s*\{([^{}]{1,40})\}\s*\{([^{}]{1,40})\}"), r"\1/\2"),
    (re.compile(r"\\(?:boxed|text|textbf|mathrm|mathbf|operatorname)\s*\{([^{}]{0,200})\}"), r"\1"),
    (re.compile(r"\\(?:times|cdot)"), "*"),
    (re.compile(r"\\(?:rightarrow|to|implies|Rightarrow)\b"), "→"),
    (re.compile(r"\\[()\[\],;! ]|\\(?:left|right|quad|qquad)\b"), " "),
    (re.compile(r"\\([$%#&_])"), r"\1"),
    (re.compile(r"\$\$([^$]{1,400})\$\$"), r"\1"),
    (re.compile(r"(?<!\w)\$([^$\n]{1,60}[^\s$])\$(?!\d)"), r"\1"),
    (re.compile(r"\{,\}"), ","),
)
_FENCE = re.compile(r"```[\w+-]*\n?([^`]*(?:`{1,2}[^`]+)*)```")
_TYPED = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "`": "", "\u200b": ""})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model wrote.

    Attributes:
        text: The text without thinking, marks, markdown and LaTeX.
        question: The question that it answers.
        blocks: The contents of its code fences, in order.
    """

    text: str
    question: str = ""
    blocks: tuple[str, ...] = ()


Check = Callable[[Answer], float]
"""Answer → score, from 0 to 1."""


def read(written: str, question: str = "") -> Answer:
    """Reads a model's text."""
    said = _THINKING_ENDS.split(_MARK.sub("", written[-_LONGEST:]))[-1]
    blocks = tuple(block.strip() for block in _FENCE.findall(said))
    return Answer(_unwrapped(_plain(said)), question, blocks)


def _plain(text: str) -> str:
    for pattern, replacement in (*_LATEX, *_LATEX[1:2]):
        text = pattern.sub(replacement, text)
    text = _TAG.sub("", _FENCE.sub(r"\1", text))
    text = re.sub(r"(\*\*|__)(?=\S)(.{1,400}?)(?<=\S)\1", r"\2", text, flags=re.DOTALL)
    text = re.sub(r"(?<![\w*])\*(?=\S)([^*\n]{1,200})(?<=\S)\*(?![\w*])", r"\1", text)
    text = re.sub(r"^(?:#{1,6}|>)[^\S\n]+", "", text, flags=re.MULTILINE)
    return text.translate(_TYPED).strip()


def _unwrapped(text: str) -> str:
    """Returns the value of a JSON object that has a single one, such as `{"answer": 12}`."""
    if not (text.startswith("{") and text.endswith("}")):
        return text
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    values = list(found.values())
    return str(values[0]) if len(values) == 1 and isinstance(values[0], str | int | float) else text
