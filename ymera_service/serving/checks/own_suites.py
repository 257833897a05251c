"""Suites of callers' own."""

from collections.abc import Iterator
from contextlib import contextmanager

from ymera_service.benchmark.own import OwnSuite, OwnTask
from ymera_service.serving.checks.content import check_messages
from ymera_service.serving.checks.violations import Violations

MAX_NAME = 64
"""Characters of the name and of the category."""
MAX_ANSWER = 2000
"""Characters of an answer, a choice or a text that an answer contains."""


@contextmanager
def of_task(index: int, faults: Violations) -> Iterator[None]:
    """Notes what is found meanwhile as faults of a task, which has messages where a request has a prompt."""
    faults.rename = lambda field: f"own_suite.tasks[{index}].{field.removeprefix('prompt.')}".removesuffix(".")
    try:
        yield
    finally:
        faults.rename = str


def check_own_suite(suite: OwnSuite, faults: Violations) -> None:
    """Notes every fault of a suite under `own_suite`."""
    for field, value in (("own_suite.name", suite.name), ("own_suite.category", suite.category)):
        faults.text(field, value, required=True, max_length=MAX_NAME)
        if value != value.strip() or not value.isprintable():
            faults.add(field, "has to be printable, without spaces around it")
    if not suite.own_tasks:
        faults.add("own_suite.tasks", "is required")
    first: dict[str, int] = {}
    for index, task in enumerate(suite.own_tasks):
        with of_task(index, faults):
            _check_task(task, faults)
            if first.setdefault(task.id, index) != index:
                faults.add("", f"is the same as tasks[{first[task.id]}]; remove one of them")


def _check_task(task: OwnTask, faults: Violations) -> None:
    check_messages(task.messages, faults)
    for field, values in (("answers", task.answers), ("choices", task.choices), ("contains", task.contains)):
        faults.texts(field, [value.strip() for value in values], max_length=MAX_ANSWER)
    if not (task.answers or task.contains):
        faults.add("answers", "is required, unless contains is given")
    if task.choices and not task.answers:
        faults.add("answers", "is required with choices")
    for index, answer in enumerate(task.answers):
        if task.choices and answer not in task.choices:
            faults.add(f"answers[{index}]", "is not one of the choices")
