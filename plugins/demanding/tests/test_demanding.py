"""The suite keeps a benchmark's promises: many templates, computed answers, and graders that are not fooled."""

import random
from collections import defaultdict
from collections.abc import Callable

import pytest
import ymera_demanding
from hypothesis import given, settings
from hypothesis import strategies as st
from ymera_demanding.suite import DemandingSuite, draft
from ymera_demanding.templates import TEMPLATES
from ymera_demanding.templates.numerals import french, german, italian, spanish

from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask
from ymera_service.sdk.classifiers import CATEGORIES
from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.testing.contracts import BenchmarkContract

SEEDS = 12
NAMES = [f"{category}/{name}" for category, names in TEMPLATES.items() for name in names]


class TestDemanding(BenchmarkContract):
    @pytest.fixture
    def suite(self) -> BenchmarkSuite:
        return DemandingSuite()

    def solve(self, task: BenchmarkTask) -> str:
        return draft(task.id).sample


def drafts(template: str, count: int = SEEDS) -> list[str]:
    return [f"{template}/{seed}/{seed}" for seed in range(count)]


def test_the_plugin_offers_it_with_twenty_templates_in_every_category() -> None:
    suite, _ = ymera_demanding.ymera_register_benchmarks()
    assert suite.name == "demanding"
    assert set(suite.categories) == set(CATEGORIES)
    assert all(len(templates) >= 20 for templates in TEMPLATES.values())
    first, second = [[task.id.split("/")[1] for task in suite.tasks("math", 5, seed)] for seed in (1, 2)]
    assert first != second, "a small run has other templates each time"
    assert suite.tasks("cooking", 3, seed=1) == []


@pytest.mark.parametrize("template", NAMES)
def test_instances_differ_and_only_the_right_answer_is_right(template: str) -> None:
    ids = drafts(template, 4 if template.startswith("coding") else SEEDS)
    made = [draft(each) for each in ids]
    assert len({each.question for each in made}) >= 0.75 * len(made)
    assert all(len(each.question) < 16_000 for each in made)
    for one, other in zip(made, [*made[1:], made[0]], strict=True):
        assert one.grade(one.sample).score == 1, one.sample
        if other.sample != one.sample:
            assert one.grade(other.sample).score == 0, (one.sample, other.sample)
        for dressed in (f"[simulated] {one.sample}", f"<think>Hm, 7 or 12?</think>\n{one.sample}\n"):
            assert one.grade(dressed).score == 1, dressed


RIGHT: list[Callable[[str], str]] = [
    lambda right: f"Let me work this out.\n\n3 + 4 = 7, and 7 × 2 = 14.\n\nAnswer: {right}",
    lambda right: f"**Answer: {right}**",
    lambda right: f"Answer: **{right}**",
    lambda right: f"First I thought of 5, then of 8.\nAnswer: {right}.",
    lambda right: f"Answer: {right}\n",
    lambda right: f"### Result\nAnswer: `{right}`",
]
WRONG: list[Callable[[str], str]] = [
    lambda right: "I can't answer this.",
    lambda right: f"Answer: {right} or something else, such as 3",
    lambda right: "Answer:",
    lambda right: f"It is certainly not {right}.",
    lambda right: f"Is it {right}?",
]


@pytest.mark.parametrize("category", TEMPLATES)
def test_few_answers_are_misjudged_however_they_are_written(category: str) -> None:
    """Answers in the styles of models, made by rule around right ones; at most 3 % may be misjudged either way."""
    judged: defaultdict[bool, list[bool]] = defaultdict(list)
    for name in TEMPLATES[category]:
        for task in drafts(f"{category}/{name}", 3):
            made = draft(task)
            label, _, right = made.sample.partition("Answer: ")
            if label or not right:
                continue
            for styles, is_right in ((RIGHT, True), (WRONG, False)):
                for style in styles:
                    judged[is_right].append((made.grade(style(right)).score == 1) == is_right)
    for is_right, verdicts in judged.items():
        assert verdicts.count(False) <= 0.03 * len(verdicts), (is_right, verdicts.count(False), len(verdicts))


@pytest.mark.parametrize("category", TEMPLATES)
def test_respondents_of_known_skill_score_in_its_order(category: str) -> None:
    """Answers right as often as a skill says, otherwise those of another task, keep that skill through the graders."""
    draw, suite = random.Random(3), DemandingSuite()
    tasks = [draft(task.id) for task in suite.tasks(category, 60, seed=11)]
    scores = []
    for skill in (0.9, 0.7, 0.5):
        answers = [task.sample if draw.random() < skill else "Answer: none of these" for task in tasks]
        scores.append(sum(task.grade(answer).score for task, answer in zip(tasks, answers, strict=True)) / len(tasks))
    assert scores == sorted(scores, reverse=True)
    assert scores[0] - scores[2] > 0.2


@settings(max_examples=100)
@given(st.sampled_from(NAMES), st.integers(0, 2**40), st.text(max_size=300))
async def test_no_answer_makes_a_grader_fail(template: str, seed: int, answer: str) -> None:
    task = BenchmarkTask(f"{template}/{seed}/0", "any", Prompt((user("?"),)))
    assert (await DemandingSuite().grade(task, answer)).score in (0, 1)


@pytest.mark.parametrize("task_id", ["", "a/b", "math/none/1/2", "cooking/soup/1/2", "math/dice/1/2/3"])
async def test_a_task_of_another_suite_earns_nothing(task_id: str) -> None:
    assert (await DemandingSuite().grade(BenchmarkTask(task_id, "math", Prompt((user("?"),))), "1")).score == 0


def test_findings_name_the_rules_that_are_broken() -> None:
    made = draft("empathy/replies/1/1")
    name = made.sample.partition(",")[0]
    grade = made.grade(made.sample.replace(f"{name},", "Well,").replace("?", "!"))
    assert grade.score == 0
    broken = {finding.name for finding in grade.findings if not finding.passed}
    assert f'The first word is "{name}".' in broken
    assert "There is no exclamation mark." in broken
    assert "It gives no advice" not in " ".join(broken)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (german(1), "eins"), (german(21), "einundzwanzig"), (german(101), "einhunderteins"),
        (german(1_999), "eintausendneunhundertneunundneunzig"), (german(6_070), "sechstausendsiebzig"),
        (italian(28), "ventotto"), (italian(53), "cinquantatré"), (italian(180), "centoottanta"),
        (spanish(100), "cien"), (spanish(121), "ciento veintiuno"), (spanish(555), "quinientos cincuenta y cinco"),
        (spanish(999), "novecientos noventa y nueve"), (french(71), "soixante et onze"), (french(80), "quatre-vingts"),
        (french(81), "quatre-vingt-un"), (french(99), "quatre-vingt-dix-neuf"), (french(61), "soixante et un"),
    ],
)  # fmt: skip
def test_numbers_are_spelt_as_grammars_say(written: str, number: str) -> None:
    assert written == number


def test_some_answers_are_as_books_give_them() -> None:
    from ymera_demanding.templates import math

    assert [math._derangements(size) for size in range(7)] == [1, 0, 1, 2, 9, 44, 265]
    assert math._determinant([[2, 0, 1], [1, 3, 2], [1, 1, 4]]) == 18
    assert math._in_base(255, 12) == "193"
