"""Routing on tables whose truth is known: what is fitted to the real ones may fail on others."""

from collections.abc import Callable, Mapping

import pytest
from routing.policies import Ymera
from routing.synthetic import KINDS, MODELS, alike, drifting, one_best, regret, shuffled, single, two_kinds, world
from routing.tables import Prompt
from routing.trial import WARM

OUTCOMES = 600
WORLDS = pytest.mark.parametrize("chances", [shuffled, alike, one_best, two_kinds, drifting])
Make = Callable[[int], Callable[[str, float], Mapping[str, float]]]


class Oracle:
    """Knows the chances; `worst` makes it choose against them."""

    def __init__(self, chances: Mapping[str, Mapping[str, float]], *, worst: bool = False) -> None:
        self._chances, self._sign = chances, -1 if worst else 1

    def warm(self, prompts: object) -> None:
        """Needs no evidence."""

    def choose(self, prompt: Prompt) -> str:
        known = self._chances[prompt.text]
        return max(known, key=lambda model: self._sign * known[model])

    def learn(self, prompt: Prompt, model: str, outcome: object) -> None:
        """Needs no evidence."""


def test_regret_is_what_the_best_model_of_each_prompt_would_have_won() -> None:
    known = world(two_kinds(1), 300, 1)
    chances = {prompt.text: each for prompt, each in zip(known.table.prompts, known.chances, strict=True)}
    assert regret(lambda *_: Oracle(chances), known, warm=True) == 0
    assert regret(lambda *_: Oracle(chances, worst=True), known, warm=False) > single(known) > 0
    assert single(world(one_best(1), 300, 1)) == pytest.approx(0)
    assert {*known.table.prices} == {*MODELS}
    assert len(known.table.prompts) == WARM + 300
    assert len(KINDS) == 5


@WORLDS
def test_after_a_benchmark_little_is_lost_beside_the_best_model_of_each_prompt(chances: Make) -> None:
    assert regret(Ymera, world(chances(1), OUTCOMES, 1), warm=True) <= 0.05


@WORLDS
def test_without_one_not_much_more_is_lost_than_by_the_best_single_model(chances: Make) -> None:
    known = world(chances(1), OUTCOMES, 1)
    assert regret(Ymera, known, warm=False) <= single(known) + 0.06
