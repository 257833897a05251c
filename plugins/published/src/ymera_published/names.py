"""Reads what a model's name says: its family, version and size.

One model has many names: `anthropic/claude-opus-4-1-20250805`, `claude-4-1-opus-20250805-thinking-32k` and
`claude-opus-4.1` mean the same. A name is therefore split into words and numbers, and what does not change the
model (its lab, dates, effort, packaging) is left out.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

NAMES_KEPT = 4096
LONGEST_NAME = 200
"""Characters that are read."""

_PACKAGING = re.compile(
    r"20\d\d-?[01]\d-?[0-3]\d"  # 2025-08-05
    r"|\b[01]\d-(?:20)?[0-3]\d\b"  # 06-05, 09-2025
    r"|\b(?:0[1-9]|1[0-2])[0-3]\d\b|\b2[3-6](?:0[1-9]|1[0-2])\b"  # 0905, 2507
    r"|\bv\d+:\d+|\bq\d\w*|\b(?:fp|bf|int)\d+\b|\bv(?=\d)"  # a host's edition, quantization
    r"|\d+k\b|\d+e\b|\ba\d+(?:\.\d+)?b\b"  # window or thinking budget, experts, active parameters
    r"|\(.*\)"
)
_PIECES = re.compile(r"[a-z]+|\d+(?:\.\d+)?(?:x\d+)?b(?![a-z])|\d+(?:\.\d+)?")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)(?:x(\d+))?b")
_POINT = re.compile(r"(?<=\d)p(?=\d)|(?<=[^\d.]\d)[-_](?=\d(?![\d.b]))")
"""What stands for the point of a version: `4p7`, `4-7`."""

# fmt: off
_LABS = frozenset({
    "ai21", "ai21labs", "alibaba", "amazon", "anthropic", "arcee", "azure", "baidu", "bedrock", "cf", "cohere",
    "coherelabs", "deepseekai", "global", "google", "hf", "ibm", "meta", "microsoft", "minimaxai", "mistralai",
    "moonshot", "moonshotai", "nousresearch", "nvidia", "openai", "org", "us", "eu", "xai", "zai", "ai", "x",
    "z",
})
_SERVING = frozenset({
    "api", "auto", "awq", "base", "beta", "chat", "default", "diff", "effort", "exp", "experimental", "free",
    "gguf", "gptq", "high", "highthinking", "hosted", "instruct", "instant", "it", "latest", "low", "maas",
    "minimal", "no", "non", "nothinking", "prev", "preview", "quality", "reasoner", "reasoning", "tee", "think",
    "thinking", "tokens", "turbo", "udiff", "versatile", "whole", "xhigh", "adaptive",
})
# fmt: on
"""How a model is served, tuned or asked, which does not change the model."""


@dataclass(frozen=True, slots=True)
class ModelName:
    """What a name says.

    Attributes:
        words: Family and variant, such as `claude` and `opus`.
        version: Such as 4.1; 0 if the name has none.
        size: Billions of parameters; 0 if the name does not say.
    """

    words: frozenset[str]
    version: float
    size: float

    def __str__(self) -> str:
        """Returns the name for people, such as `claude opus 4.1` or `llama 3.1 8b`."""
        figures = [f"{self.version:g}"] * bool(self.version) + [f"{self.size:g}b"] * bool(self.size)
        return " ".join([*sorted(self.words), *figures])


@lru_cache(NAMES_KEPT)
def read(name: str) -> ModelName:
    """Returns what a model's name says; `name` is a provider's or a benchmark's."""
    text = name[:LONGEST_NAME].lower().rsplit("/", 1)[-1].replace("+", " plus").replace("chatgpt", "gpt")
    text = _POINT.sub(".", _PACKAGING.sub(" ", text))
    words, version, size = set(), 0.0, 0.0
    for piece in _PIECES.findall(text):
        if billions := _SIZE.fullmatch(piece):
            size = size or float(billions[1]) * float(billions[2] or 1)
        elif piece[0].isdigit():
            version = version or float(piece)
        elif piece not in _LABS and piece not in _SERVING:
            words.add(piece)
    return ModelName(frozenset(words), version, size)
