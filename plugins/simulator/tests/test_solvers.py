"""Solvers compute; the questions here are worded apart from any benchmark."""

import pytest
from ymera_simulator.solvers import solve

KNOWN = [
    ("What's 17 + 4 * 5?", "37"),
    ("17 * 23", "391"),
    ("Compute (1/2 + 1/3) * 6", "5"),
    ("How much is 12.5% of 640?", "80"),
    ("What is 2^10 - 24?", "1000"),
    ("What is 1,200 divided by 7?", "171.4285714"),
    ("What is the square root of 144?", "12"),
    ("Solve 4x - 7 = 2x + 9", "8"),
    ("What comes next in the series 3, 6, 12, 24?", "48"),
    ("What is the next number: 1, 1, 2, 3, 5, 8?", "13"),
    ("What is the LCM of 4, 6 and 10?", "60"),
    ("Is 91 prime?", "No"),
    ("What is the factorial of 10?", "3628800"),
    ("What is the remainder of 47 divided by 5?", "2"),
    ("What day of the week was 20 July 1969?", "Sunday"),
    ("What date comes 10 days before 2024-03-05?", "2024-02-24"),
    ("How many days are there between March 1, 2024 and 31 March 2024?", "30"),
    ("How many seconds are in 2.5 minutes?", "150"),
    ("Convert 98.6 F to C", "37"),
    ("Convert 3 miles to km", "4.828032"),
    ("Arrange in descending order: 4, 19, -3, 8", "19, 8, 4, -3"),
    ("Sort pear, fig and Apple alphabetically", "Apple, fig, pear"),
    ("What is the average of 4, 8 and 15?", "9"),
    ("What is the second largest of these: 9, 41, 7, 23?", "23"),
    ('How many vowels are in "banana split"?', "4"),
    ("What is the plural of cherry?", "cherries"),
    ("What is the past tense of 'stop'?", "stopped"),
    ("Repeat the word 'hello' 3 times", "hello hello hello"),
    ('What does this print?\n```python\nprint(len("abc") * 3)\n```', "9"),
]


@pytest.mark.parametrize(("question", "expected"), KNOWN)
def test_it_solves(question: str, expected: str) -> None:
    solved = solve(question)
    assert solved is not None
    assert solved.solution.answer == expected
    assert solved.solution.slip != expected


PASSAGE = """The Marlow Bridge was built in 1874 by Sarah Whitfield. It is 312 metres long and crosses the river Tarn.
Before the bridge opened, people used a ferry that ran four times a day.
The ferry was sold in 1880 to a company in Bristol. Today about 9,000 cars cross the bridge each day."""


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who built the Marlow Bridge?", "The Marlow Bridge was built in 1874 by Sarah Whitfield."),
        ("When was the ferry sold?", "The ferry was sold in 1880 to a company in Bristol."),
        ("How many cars cross the bridge each day?", "Today about 9,000 cars cross the bridge each day."),
    ],
)
def test_it_answers_from_a_passage(question: str, expected: str) -> None:
    solved = solve(f"Read this passage.\n\n{PASSAGE}\n\n{question}")
    assert solved is not None
    assert (solved.category, solved.solution.answer) == ("research", expected)


def test_it_reads_tables() -> None:
    solved = solve("Which city has the largest area?\n| City | Area |\n|---|---|\n| Oslo | 454 |\n| Rome | 1285 |")
    assert solved is not None
    assert (solved.category, solved.solution.answer, solved.solution.slip) == ("research", "Rome", "Oslo")


@pytest.mark.parametrize(
    ("message", "feeling"),
    [
        ("I feel so sad since my best friend moved away", "sadness"),
        ("I'm terrified of the dark and hear footsteps", "fear"),
        ("My boss yelled at me and lied about it, I'm furious", "anger"),
        ("I did it! I'm so proud that I passed", "pride"),
    ],
)
def test_it_names_the_feeling(message: str, feeling: str) -> None:
    solved = solve(message)
    assert solved is not None
    assert solved.category == "empathy"
    assert feeling in solved.solution.answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "Tell me about the French Revolution.",
        "日本語で話してください",
        "\0\0",
        "?" * 200,
        "Write a poem",
        "Write hello world in Python",
        "What is 1 / 0?",
        "What is 9^9^9^9?",
        "What is 9^400?",
        "What is 2^500 * 2^500 * 2^500?",
        "What is __import__('os').getcwd()?",
        "What day of the week was 31 February 2024?",
        "Is 99999999999 prime?",
        "What is the factorial of 5000?",
        "Solve x^2 = 9",
        "Which word is spelt?\n\nDogs sleep in the sun\nAll of us go home\nYou can come with us",
        "Repeat 'x' 999 times",
        "What does this print?\n```python\nwhile True: pass\n```",
        "What does this print?\n```python\nprint(open('/etc/passwd').read())\n```",
        "What does this print?\n```python\nprint('x' * 5000)\n```",
        "What does this print?\n```python\nx = 'x' * 10**8\nprint(len(x))\n```",
    ],
)
def test_it_does_not_claim_what_it_can_not_do(text: str) -> None:
    assert solve(text) is None
