"""Grades: whatever the form, right is right; near misses are wrong; nothing raises."""

import re
import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ymera_basics.suite import BasicsSuite, draft

from ymera_service.sdk.benchmarks import BenchmarkTask
from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.grading import checks
from ymera_service.sdk.grading.amounts import clock, concluded, date, number
from ymera_service.sdk.grading.answers import Check, read
from ymera_service.sdk.grading.words import choice


def grade(check: Check, answer: str, question: str = "") -> float:
    return check(read(answer, question))


@pytest.mark.parametrize(
    "answer",
    [
        "1234",
        "[simulated] 1234",
        "1,234",
        "**1,234**",
        "The answer is 1,234.",
        "$1,234",
        "$1,234.00",
        r"\boxed{1234}",
        r"\( 1{,}234 \)",
        "12 + 22 = 34, then 1200 + 34 = 1234",
        "First 7, then 9.\n\nAnswer: 1234",
        "Answer: 1234 apples (that is 12 boxes)",
        "### Answer\n\n1234 euros",
        "Final answer: **1234**\n\nLet me know if you need 3 more examples!",
        "2468/2",
        r"\frac{2468}{2}",
        "1.234e3",
        "`1234`",
        "Therefore, the answer is $1234$.",
    ],
)
def test_a_right_number_is_found_in_any_dress(answer: str) -> None:
    assert grade(number(1234), answer) == 1


@pytest.mark.parametrize(
    "answer",
    [
        "1233",
        "12345",
        "123.4",
        "-1234",
        "It is one of 1233, 1234, 1235",
        "1234 at first, but the answer is 1235",
        "Answer: 12\n\n1234 is wrong",
        "",
        "1234/2",
        "no idea",
        "1234567",
    ],
)
def test_a_wrong_number_is_wrong_even_with_the_right_one_beside_it(answer: str) -> None:
    assert grade(number(1234), answer) == 0


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("twelve", 12),
        ("2 1/2", 2.5),
        ("−3", -3),
        ("x = -3", -3),
        ("0.5", 0.5),
        ("1/2", 0.5),
        ("none", 0),
        ("nothing to say", None),
        ("four hundred eighty-nine", 489),
        ("minus six", -6),
        ("44 thousand", 44_000),
        ("19,5", 19.5),
        ("1.234,5", 1234.5),
        ("12 500", 12_500),
        ("5/0", None),
    ],
)
def test_numbers_are_read_as_written(answer: str, expected: float | None) -> None:
    assert {float(value) for value in concluded(read(answer).text, "")} == ({expected} - {None})


def test_a_point_before_three_digits_may_mean_thousands() -> None:
    assert concluded("44.000", "") == {44, 44_000}
    assert concluded("0.125", "") == {Fraction(1, 8)}


CHOICES = ["joy", "anger", "fear"]


@pytest.mark.parametrize(
    "answer",
    [
        "joy",
        "Joy.",
        "**Joy**",
        "The emotion is joy.",
        "[simulated] Answer: joy",
        "Not fear: it is joy",
        "It could be fear or anger, but the answer is joy.",
    ],
)
def test_a_chosen_word_is_found(answer: str) -> None:
    assert grade(choice("joy", CHOICES), answer) == 1


@pytest.mark.parametrize(
    "answer",
    [
        "fear",
        "joy, anger, fear",
        "joy or fear",
        "enjoying",
        "joyless",
        "",
        "Answer: fear (not joy)",
        "It is not joy but fear",
    ],
)
def test_listing_every_choice_is_not_an_answer(answer: str) -> None:
    assert grade(choice("joy", CHOICES), answer) == 0


def test_order_earns_part_of_the_credit_only_when_most_is_right() -> None:
    check = checks.sequence(["1", "2", "3", "4", "5", "6"])
    assert grade(check, "1, 2, 3, 4, 5, 6") == 1
    assert grade(check, "1. 1\n2. 2\n3. 3\n4. 4\n5. 5\n6. 6") == 1
    assert 0 < grade(check, "1, 2, 3, 4, 6, 5") < 0.5
    assert grade(check, "6, 5, 4, 3, 2, 1") == grade(check, "1, 2, 3") == grade(check, "1, 2, 3, 4, 5, 5") == 0
    assert grade(checks.sequence(["-3", "4"]), "3, 4") == 0


def test_output_is_compared_line_by_line() -> None:
    check = checks.output("12\nabc")
    assert grade(check, "```\n12\nabc\n```") == 1
    assert grade(check, "The output is:\n12\nabc") == 1
    assert grade(check, "12 abc") == grade(check, "12\nabcd") == grade(check, "abc\n12") == 0
    assert grade(checks.output("12"), "It prints 12") == 1
    assert grade(checks.output("12"), "It prints 112") == 0


def test_times_and_dates_are_read_in_their_usual_forms() -> None:
    assert all(grade(clock(14, 5), answer) == 1 for answer in ("14:05", "It ends at 2:05 PM.", "14.05"))
    assert all(grade(clock(14, 5), answer) == 0 for answer in ("2:05", "14:50", "4:05 pm", "soon"))
    assert all(grade(date(2024, 3, 5), answer) == 1 for answer in ("2024-03-05", "March 5, 2024", "5 March 2024"))
    assert all(grade(date(2024, 3, 5), answer) == 0 for answer in ("2024-05-03", "15 March 2024", "March 5", ""))


def test_words_are_counted_and_json_compared_by_type() -> None:
    assert grade(checks.words_about(3, "tea"), "Warm, fragrant comfort.") == 1
    assert (
        grade(checks.words_about(3, "tea"), "tea tea tea") == grade(checks.words_about(3, "tea"), "Warm fragrant") == 0
    )
    check = checks.json_object({"n": 1, "ok": True})
    assert grade(check, '```json\n{"n": 1, "ok": true}\n```') == 1
    assert grade(check, 'Here: {"n": 1, "ok": true}') == 0.5
    assert grade(check, '{"n": "1", "ok": true}') == grade(check, '{"n": 1, "ok": 1}') == grade(check, '{"n": 1}') == 0


SUITE = BasicsSuite()
TASKS = [task for category in SUITE.categories for task in SUITE.tasks(category, 24, seed=3)]


@settings(max_examples=150)
@given(st.sampled_from(TASKS), st.text(max_size=400))
async def test_no_answer_makes_a_grader_fail(task: BenchmarkTask, answer: str) -> None:
    assert 0 <= (await SUITE.grade(task, answer)).score <= 1


@pytest.mark.parametrize("task_id", ["", "a/b", "math/none/1/2", "cooking/soup/1/2", "math/expression/1/2/3"])
async def test_a_task_of_another_suite_earns_nothing(task_id: str) -> None:
    assert (await SUITE.grade(BenchmarkTask(task_id, "math", Prompt((user("?"),))), "1")).score == 0


def _near_miss(sample: str) -> str:
    digits = list(re.finditer(r"\d+", sample))
    if digits:
        last = digits[-1]
        return f"{sample[: last.start()]}{int(last[0]) + 1}{sample[last.end() :]}"
    return "zebu"


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
async def test_the_sample_is_right_and_a_near_miss_is_not(task: BenchmarkTask) -> None:
    sample = draft(task.id).sample
    for dressed in (sample, f"[simulated] {sample}", f"{sample}\n"):
        assert (await SUITE.grade(task, dressed)).score == 1
    assert (await SUITE.grade(task, _near_miss(sample))).score < 1


HOSTILE = [
    *(
        "(",
        "((",
        "$",
        "```",
        "**",
        "<think>",
        "not ",
        "no, wait ",
        "is ",
        "1 ",
        "1,",
        "1.",
        "1/",
        "so ",
        "= ",
        "\\frac{1",
        "*a ",
    ),
    *(
        "answer: ",
        "a, ",
        "and a ",
        "one hundred ",
        "12 h ",
        "1 + ",
        "a. ",
        "\n",
        "{",
        '{"a":',
        "[[",
        "2024-01-01 ",
        "may 1, ",
    ),
    *("because ", "after 1", "\\boxed{", "|", "- ", "1. a\n", "12:30 ", "' ", "hmm", "i can't ", "٣ ", "²", "∞ "),
]


@pytest.mark.parametrize("category", SUITE.categories)
async def test_long_answers_of_one_repeated_piece_are_graded_in_time(category: str) -> None:
    for index, task in enumerate(SUITE.tasks(category, 10, seed=5)):
        for piece in HOSTILE[index % 5 :: 5]:
            began = time.process_time()
            assert (await SUITE.grade(task, piece * (40_000 // len(piece)))).score in {0.0, 1.0}
            assert time.process_time() - began < 2, (task.id, piece)
