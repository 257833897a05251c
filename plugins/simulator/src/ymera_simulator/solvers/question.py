"""What is asked, read once for all solvers, and what a solver finds."""

import re
from dataclasses import dataclass
from functools import cached_property

from ymera_simulator.solvers.numerals import digits_for_words

LONGEST = 12_000
"""Characters of a prompt that are read; solving more would hold up the event loop."""

QUOTED = re.compile(r'"([^"\n]+)"|`([^`\n]+)`|(?<!\w)\'([^\'\n]+)\'(?!\w)')
_WORD = re.compile(r"[a-z0-9']+")


_DIRECTION = re.compile(
    r"(?:(?<=[.?!:\"'`])[ \t]{1,9}|^[ \t]{0,9})(?:please )?(?:answer|reply|respond|give|write|end|finish|state|return|"
    r"output|use|"
    r"provide)\b"
    r"(?![^\n.]{0,120}\b(?:decimal|nearest|yyyy|hh|fraction|cent|24-hour|comma|commas|times|sentences?|json|capital|"
    r"upper-?case)\b)"
    r"(?=[^\n.]{0,120}(?:\b(?:only|alone|just|nothing|stands|single|one word|final|label|letter)\b|answer:))"
    r"[^\n?.!:]{0,200}(?:answer:[^\n.]{0,120})?(?:[.!:]|$)",
    re.IGNORECASE | re.MULTILINE,
)


_CODE_WANTED = re.compile(
    r"^\W*(?:please |can you )?(?:write|create|implement|design|generate|develop|edit|refactor|rewrite|"
    r"optimi[sz]e|debug|"
    r"build|given|classify|compare)\b[^\n]{0,160}\b(?:function|program|code|script|query|sql|algorithm|class|"
    r"method|loop|"
    r"array|solution|python|java|javascript|machine learning)\b"
)


class Question:
    """A prompt's text in the forms that solvers need; directions such as `Answer with the number only.` left out."""

    def __init__(self, text: str) -> None:
        whole = text[:LONGEST].replace("’", "'").replace("“", '"').replace("”", '"').strip()
        self.text = _DIRECTION.sub("", whole).strip() or whole
        self._whole = whole

    @cached_property
    def lower(self) -> str:
        """The text in lower case."""
        return self.text.lower()

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of the text and its directions, in lower case."""
        return frozenset(_WORD.findall(self._whole.lower()))

    @cached_property
    def wants_code(self) -> bool:
        """Whether a program is to be written or worked on, whatever numbers and lists stand in the prompt."""
        return _CODE_WANTED.search(self.lower[:400]) is not None

    @cached_property
    def quoted(self) -> list[str]:
        """What stands in quotes or backticks, in order."""
        return [next(filter(None, match)) for match in QUOTED.findall(self.text)]

    @cached_property
    def digits(self) -> str:
        """The lower-case text with written numbers as digits: `twenty-one` as `21`."""
        return digits_for_words(self.lower)


@dataclass(frozen=True, slots=True)
class Solution:
    """The right answer and a plausible wrong one, each complete with the form that was asked for."""

    answer: str
    slip: str
    steps: str = ""
    """How the answer was found; a thinking model says it."""
