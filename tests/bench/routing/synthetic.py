"""Tables whose truth is known: how good each model really is for each prompt, so that regret can be measured.

Real tables are few, and what is fitted to them may fail on others. These differ in what makes a model the best one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean

from routing.tables import Outcome, Prompt, Table
from routing.trial import WARM, Make

KINDS = {
    "sql": "Write an SQL query that joins the tables {} and {} and returns the rows of {} where {} is null",
    "css": "Center this button in its HTML page with CSS: class {} of the div {} and the span {} in {}",
    "math": "What is the sum of {} apples and {} pears, if {} of them cost twice as many dollars as {}? Solve it",
    "language": "Translate this sentence into German and correct its grammar: the {} and the {} was of {} and {}",
    "empathy": "I feel so sad and lonely since my {} left me and my {} died. How do I cope with {} and {}?",
}
"""Kind → how its prompts are worded. The first two are of the same category."""
WORDS = [first + middle + last for first in "bdfgklmnprst" for middle in "aeiou" for last in ("lo", "ra", "mi", "tu")]
MODELS = [f"model-{number}" for number in range(6)]
SETTING = 1.0
"""The best answer: prices are the same."""
JUDGED = 200
"""The last prompts, by which regret is measured."""

Chances = Mapping[str, Mapping[str, float]]
"""Kind → model → how likely its answer is good."""


@dataclass(frozen=True, slots=True)
class World:
    """Prompts in their order of arrival, with the chances that were true at each."""

    table: Table
    chances: Sequence[Mapping[str, float]]


def world(chances: Callable[[str, float], Mapping[str, float]], count: int, seed: int) -> World:
    """Returns a world of prompts.

    Args:
        chances: Returns the chances of the models for a kind of prompt, after a share of all prompts.
        count: How many prompts there are besides those that warm a policy.
        seed: Settles what is drawn.
    """
    draw, prompts, truth = Random(seed), list[Prompt](), list[Mapping[str, float]]()
    for number in range(WARM + count):
        kind = draw.choice([*KINDS])
        true = chances(kind, max(number - WARM, 0) / count)
        outcomes = {model: Outcome(float(draw.random() < chance), 0.001) for model, chance in true.items()}
        text = KINDS[kind].format(*draw.sample(WORDS, 4))
        prompts.append(Prompt(f"{text} ({number})", outcomes))
        truth.append(true)
    return World(Table("synthetic", prompts, dict.fromkeys(MODELS, (1.0, 1.0))), truth)


def regret(make: Make, known: World, *, warm: bool) -> float:
    """Returns how much less likely a policy's last answers are good than those of the model that is the best for each.

    The policy hears of all other prompts first, of the first ones as a benchmark if it begins warm.
    """
    prompts, policy = known.table.prompts, make(known.table, SETTING, 1)
    if warm:
        policy.warm(prompts[:WARM])
    lost = []
    for prompt, chances in [*zip(prompts, known.chances, strict=True)][WARM:]:
        model = policy.choose(prompt)
        policy.learn(prompt, model, prompt.outcomes[model])
        lost.append(max(chances.values()) - chances[model])
    return fmean(lost[-JUDGED:])


def single(known: World) -> float:
    """Returns the regret of the single model that is the best for the last prompts."""
    last = known.chances[-JUDGED:]
    return fmean(max(each.values()) for each in last) - max(fmean(each[model] for each in last) for model in MODELS)


def shuffled(seed: int) -> Callable[[str, float], Mapping[str, float]]:
    """Each kind of prompt but the first two, which share theirs, has a best model of its own."""
    draw, by_kind = Random(seed), dict[str, Mapping[str, float]]()
    for kind in KINDS:
        by_kind[kind] = dict(zip(MODELS, draw.sample([0.9, 0.7, 0.6, 0.5, 0.4, 0.3], len(MODELS)), strict=True))
    by_kind["css"] = by_kind["sql"]
    return lambda kind, share: by_kind[kind]


def alike(seed: int) -> Callable[[str, float], Mapping[str, float]]:
    """What a prompt is about does not matter."""
    draw = Random(seed)
    chances = dict(zip(MODELS, draw.sample([0.8, 0.75, 0.6, 0.55, 0.5, 0.4], len(MODELS)), strict=True))
    return lambda kind, share: chances


def one_best(seed: int) -> Callable[[str, float], Mapping[str, float]]:
    """One model is the best for everything; which others are good depends on the kind."""
    draw, best = Random(seed), Random(seed).choice(MODELS)
    by_kind = {kind: {model: draw.uniform(0.3, 0.75) for model in MODELS} | {best: 0.9} for kind in KINDS}
    return lambda kind, share: by_kind[kind]


def two_kinds(seed: int) -> Callable[[str, float], Mapping[str, float]]:
    """Two models are the best for one kind each of the same category."""
    first, second = Random(seed).sample(MODELS, 2)
    by_kind = {kind: dict.fromkeys(MODELS, 0.5) for kind in KINDS}
    by_kind["sql"] |= {first: 0.9, second: 0.2}
    by_kind["css"] |= {first: 0.2, second: 0.9}
    return lambda kind, share: by_kind[kind]


def drifting(seed: int) -> Callable[[str, float], Mapping[str, float]]:
    """The best model becomes the worst one after a third of the prompts."""
    best, second = Random(seed).sample(MODELS, 2)
    before = dict.fromkeys(MODELS, 0.5) | {best: 0.9, second: 0.75}
    return lambda kind, share: before if share < 1 / 3 else before | {best: 0.1}
