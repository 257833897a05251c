"""The simulator's models, asked over the provider protocol alone, score what their skill says."""

import math
from importlib.metadata import entry_points
from typing import Any

import pytest
from ymera_basics import BasicsSuite

from ymera_service.sdk.classifiers import CATEGORIES
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.answers import Answer, events_of

TASKS = 120
STATED = {"sim-large": 0.97, "sim-small": 0.7, "sim-free": 0.55}


@pytest.fixture(scope="module")
def provider() -> Provider:
    found = entry_points(group="ymera", name="simulator")
    if not found:
        pytest.skip("the simulator is not installed")
    plugin: Any = next(iter(found)).load()
    settings = plugin.ymera_describe().settings(speed=0)
    made: Provider = next(iter(plugin.ymera_register_providers(settings)))
    return made


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("model", STATED)
async def test_a_model_scores_its_stated_skill(provider: Provider, model: str, category: str) -> None:
    suite = BasicsSuite()
    grades = []
    for task in suite.tasks(category, TASKS, seed=11):
        answer = Answer.of(await events_of(provider, GenerateRequest(model, task.prompt, stream=False)))
        grades.append(await suite.grade(task, answer.text))
    measured, skill = sum(grades) / TASKS, STATED[model]
    # Four standard deviations either way, and what slips that are partly right may add.
    spread = 4 * math.sqrt(skill * (1 - skill) / TASKS)
    assert skill - spread <= measured <= skill + spread + 0.05
