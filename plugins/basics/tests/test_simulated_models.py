"""A benchmark distinguishes the simulator's models: in every category the more skilled one scores higher.

Measured on the templates that the simulator knows; it has no answers to the hard ones.
"""

from importlib.metadata import entry_points
from typing import Any

import pytest
from ymera_basics import BasicsSuite

from ymera_service.sdk.classifiers import CATEGORIES
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.answers import Answer, events_of

TASKS = 240
SOLVED = {"coding": 0.9, "math": 0.4, "research": 0.75, "language": 0.4, "empathy": 0.75, "general": 0.7}
"""Category → share of its tasks that the simulator can solve at least; to the rest it says that it can't."""


@pytest.fixture(scope="module")
def provider() -> Provider:
    found = entry_points(group="ymera", name="simulator")
    if not found:
        pytest.skip("the simulator is not installed")
    plugin: Any = next(iter(found)).load()
    perfect = {"sim-perfect": {"skill": {"default": 1.0}}}
    settings = plugin.ymera_describe().settings.model_validate({"speed": 0, "models": perfect})
    made: Provider = next(iter(plugin.ymera_register_providers(settings)))
    return made


async def score(provider: Provider, model: str, category: str) -> float:
    suite, grades = BasicsSuite(), []
    solvable = [task for task in suite.tasks(category, 2 * TASKS, seed=11) if "/hard-" not in task.id][:TASKS]
    for task in solvable:
        answer = Answer.of(await events_of(provider, GenerateRequest(model, task.prompt, stream=False)))
        grades.append((await suite.grade(task, answer.text)).score)
    return sum(grades) / len(solvable)


@pytest.mark.parametrize("category", CATEGORIES)
async def test_models_score_in_the_order_of_their_skill(provider: Provider, category: str) -> None:
    models = ("sim-perfect", "sim-large", "sim-small", "sim-free")
    perfect, large, small, free = [await score(provider, model, category) for model in models]
    assert SOLVED[category] <= perfect
    assert perfect >= large > small + 0.03 > small > free + 0.02
