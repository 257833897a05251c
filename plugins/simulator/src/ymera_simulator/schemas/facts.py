"""What a prompt says that may fill a field."""

import re
from functools import cached_property

from ymera_simulator.solvers.numerals import NUMBER, digits_for_words

_WHOLE_TEXT = frozenset({"query", "question", "prompt", "text", "input", "message", "content", "q", "search"})
_ANSWER = frozenset({"answer", "result", "output", "solution", "response", "value", "final_answer"})
_QUOTED = re.compile(r'"([^"]+)"|\'([^\'\s][^\']*)\'(?!\w)')
_NAMES = re.compile(r"(?<![.!?]\s)(?<!^)\b([A-Z][\w-]+(?:\s+[A-Z][\w-]+)*)")
_WORDS = re.compile(r"[A-Za-z][\w-]{2,}")


class Facts:
    """The prompt's names, words and numbers, given out one after the other."""

    def __init__(self, prompt: str, answer: str | None = None) -> None:
        self.prompt = prompt
        self.answer = answer
        self._given_texts = 0
        self._given_numbers = 0

    @cached_property
    def _texts(self) -> list[str]:
        quoted = [first or second for first, second in _QUOTED.findall(self.prompt)]
        return quoted + _NAMES.findall(self.prompt) + sorted(_WORDS.findall(self.prompt), key=len, reverse=True)

    @cached_property
    def _numbers(self) -> list[float]:
        return [float(found.replace(",", "")) for found in re.findall(NUMBER, digits_for_words(self.prompt.lower()))]

    def text(self, field: str) -> str:
        """Returns words for a field of this name."""
        name = field.lower()
        if self.answer is not None and name in _ANSWER:
            return self.answer
        if name in _WHOLE_TEXT and self.prompt:
            return self.prompt
        return self._named(name) or self._next_text()

    def number(self, field: str) -> float:
        """Returns a number for a field of this name."""
        if self.answer is not None and field.lower() in _ANSWER and (found := re.findall(NUMBER, self.answer)):
            return float(found[-1].replace(",", ""))
        if not self._numbers:
            return 1.0
        self._given_numbers += 1
        return self._numbers[(self._given_numbers - 1) % len(self._numbers)]

    def mentions(self, value: str) -> bool:
        """Tells whether the prompt has these words."""
        return re.search(rf"\b{re.escape(value.lower())}\b", self.prompt.lower()) is not None

    def _named(self, name: str) -> str:
        spoken = re.escape(name).replace("_", "[ _-]")
        found = re.search(rf"\b{spoken}\b\s*(?:is|=|:|of)\s*[\"']?([\w@.+-]+)", self.prompt, re.IGNORECASE)
        return found[1].rstrip(".") if found else ""

    def _next_text(self) -> str:
        if not self._texts:
            return "simulated"
        self._given_texts += 1
        return self._texts[(self._given_texts - 1) % len(self._texts)]
