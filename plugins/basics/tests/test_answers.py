"""Answers as models write them, each judged by hand: the graders agree with almost all of the judgements.

`answers.jsonl` has a line for each answer: the task, one right answer to it (`expected`), the judgement (`right`), and
`held_out`, true for the answers that the graders were not developed against.
"""

import json
from pathlib import Path
from typing import NamedTuple

import pytest
from ymera_basics.suite import draft
from ymera_basics.templates import TEMPLATES

MISJUDGED = 0.03
"""The largest share of right answers that may earn less than half, and of wrong ones that may earn anything."""


GRADED = {f"{category}/{name}" for category, names in TEMPLATES.items() for name in names}


class Judged(NamedTuple):
    task: str
    expected: str
    held_out: bool
    right: bool
    answer: str

    def misjudged(self) -> bool:
        score = draft(self.task).grade(self.answer)
        return score < 0.5 if self.right else score > 0


def judged() -> list[Judged]:
    lines = Path(__file__).with_name("answers.jsonl").read_text(encoding="utf-8").splitlines()
    return [Judged(**json.loads(line)) for line in lines]


@pytest.mark.parametrize("held_out", [False, True], ids=["developed", "held out"])
@pytest.mark.parametrize("right", [True, False], ids=["right", "wrong"])
def test_few_answers_are_misjudged(right: bool, held_out: bool) -> None:
    every = [each for each in judged() if (each.right, each.held_out) == (right, held_out)]
    wrong = [f"{each.task} = {each.expected!r}: {each.answer!r}" for each in every if each.misjudged()]
    assert len(wrong) <= MISJUDGED * len(every), "\n".join(wrong)


def test_there_are_enough_answers_to_every_template_and_the_tasks_have_not_changed() -> None:
    every = judged()
    assert len(every) >= 1_000
    assert {task.rsplit("/", 2)[0] for task, *_ in every} >= GRADED
    assert all(draft(task).sample == expected for task, expected, *_ in every), "judge the answers again"
