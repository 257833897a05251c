"""How long answers are, by category, and how large a request is beside what is usual.

Both are moving averages over the latest answers. A category's is drawn towards that of all answers, and that towards
`TYPICAL_OUTPUT_TOKENS`, the more the fewer answers it rests on.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from ymera_service.routing.prompts.estimate import TYPICAL_OUTPUT_TOKENS
from ymera_service.sdk.generation import MAX_TOKENS

LATEST = 100
"""Answers over which lengths are averaged, about, and requests over which sizes are."""
DRAWN = 4
"""Answers that the more general length counts for."""
MOST_CATEGORIES = 256
"""Those whose answers came last are kept."""
ANSWER_PRICE = 4.0
"""What a token of an answer usually costs, in tokens of a prompt."""
LEAST_SIZE, MOST_SIZE = 0.5, 1.5
"""The smallest and the largest size that counts, as a multiple of the usual request. With the default weights, 2 sends
long prompts of need to a small cheap model that users would not choose for them, if only expensive models are better;
1.5 does not."""


@dataclass(slots=True)
class _Average:
    value: float = 0.0
    count: int = 0

    def take(self, value: float) -> None:
        self.count = min(self.count + 1, LATEST)
        self.value += (value - self.value) / self.count

    def drawn(self, general: float) -> float:
        return (general * DRAWN + self.value * self.count) / (DRAWN + self.count)


class Lengths:
    """Learns from every answer."""

    def __init__(self) -> None:
        self._all, self._size = _Average(), _Average()
        self._by_category: OrderedDict[str, _Average] = OrderedDict()

    def expected(self, probabilities: Mapping[str, float]) -> int:
        """Returns the tokens of an answer to a request that is of these categories, with probabilities adding up to 1.

        Less than 1 is never returned.
        """
        usual, known = self._all.drawn(TYPICAL_OUTPUT_TOKENS), self._by_category
        total = 0.0
        for category, probability in probabilities.items():
            average = known.get(category)
            total += probability * (usual if average is None else average.drawn(usual))
        return max(round(total), 1)

    def size(self, input_tokens: int, output_tokens: int) -> float:
        """Returns a request's size as a multiple of the usual one, from `LEAST_SIZE` to `MOST_SIZE`; 1 at first."""
        if not self._size.value:
            return 1.0
        return min(max((input_tokens + ANSWER_PRICE * output_tokens) / self._size.value, LEAST_SIZE), MOST_SIZE)

    def observe(self, category: str, *, input_tokens: int, expected: int, output_tokens: int) -> None:
        """Takes an answer.

        Args:
            category: What its request was taken for.
            input_tokens: Of the request, as they were estimated.
            expected: Tokens of the answer, as they were expected.
            output_tokens: Those that it had; 0, and more than `MAX_TOKENS`, are not counted.
        """
        self._size.take(input_tokens + ANSWER_PRICE * expected)
        if not 0 < output_tokens <= MAX_TOKENS:
            return
        self._all.take(output_tokens)
        self._by_category.setdefault(category, _Average()).take(output_tokens)
        self._by_category.move_to_end(category)
        if len(self._by_category) > MOST_CATEGORIES:
            self._by_category.popitem(last=False)
