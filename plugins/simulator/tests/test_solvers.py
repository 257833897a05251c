"""Solvers compute; the questions here are worded apart from any benchmark."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ymera_simulator.solvers import solve

KNOWN = [
    ("What's 17 + 4 * 5?", "37"),
    ("Compute (1/2 + 1/3) * 6", "5"),
    ("How much is 12.5% of 640?", "80"),
    ("What is 2^10 - 24?", "1000"),
    ("What is the square root of 144?", "12"),
    ("What is twenty-one times three?", "63"),
    ("What is 10 divided by 4? Give a fraction.", "5/2"),
    ("Solve 4x - 7 = 2x + 9", "8"),
    ("Solve: 2x + y = 11 and x - y = 1. What is y?", "3"),
    ("What is the positive solution of x^2 - 2x - 15 = 0?", "5"),
    ("What comes next in the series 3, 6, 12, 24?", "48"),
    ("What is the next number: 1, 1, 2, 3, 5, 8?", "13"),
    ("Fill in the missing number in the sequence 4, 7, _, 13, 16", "10"),
    ("What is the LCM of 4, 6 and 10?", "60"),
    ("Is 91 prime?", "No"),
    ("What is the prime factorisation of 84?", "2 × 2 × 3 × 7"),
    ("Liam had 15 cards. He lost 4 and then found 2 more. How many cards does he have now?", "13"),
    ("Each bag holds 8 apples. Maria fills 6 bags. How many apples are there?", "48"),
    ("A car drives 240 km in 3 hours. What is its speed?", "80"),
    ("A pool is filled at 15 litres per minute. How many minutes does it take to fill 450 litres?", "30"),
    ("Nina earns $14 per hour and works 6 hours. How much does she earn?", "$84"),
    ("A $60 coat is 30% off. What does it cost now?", "$42"),
    ("Zoe is 4 years younger than Max. Max is 19 years old. How old is Zoe?", "15"),
    ("A square has a side of 7 cm. What is its perimeter?", "28"),
    ("What day of the week was 20 July 1969?", "Sunday"),
    ("What date comes 10 days before 2024-03-05?", "2024-02-24"),
    ("Is 1900 a leap year?", "No"),
    ("How many days are there in February 2028?", "29"),
    ("My train leaves at 9:50 am and the trip takes 2 hours and 25 minutes. When do I arrive?", "12:15 PM"),
    ("How many minutes are there from 10:40 to 13:05?", "145"),
    ("How many seconds are in 2.5 minutes?", "150"),
    ("Convert 98.6 F to C", "37"),
    ("Arrange in descending order: 4, 19, -3, 8", "19, 8, 4, -3"),
    ("What is the average of 4, 8 and 15?", "9"),
    ("What is the second largest of 9, 41, 7, 23?", "23"),
    ('How many vowels are in "banana split"?', "4"),
    ("Is 'level' a palindrome?", "Yes"),
    ('What does `len("abc") * 3` evaluate to?', "9"),
    ("What is the plural of cherry?", "cherries"),
    ("What is the past participle of 'write'?", "written"),
    ("Correct the spelling: I recieved a beautifull letter", "I received a beautiful letter"),
    ("Make this sentence negative: He likes tea.", "He does not like tea."),
    ("What is the comparative of 'happy'?", "happier"),
    ("Put into the past tense: She walks to school.", "She walked to school."),
    ("Repeat the word hello 3 times", "hello hello hello"),
]


@pytest.mark.parametrize(("question", "expected"), KNOWN)
def test_it_solves(question: str, expected: str) -> None:
    solved = solve(question)
    assert solved is not None
    assert solved.solution.answer == expected
    assert solved.solution.slip != expected


PASSAGE = """The Marlow Bridge was built in 1874 by Sarah Whitfield. It is 312 metres long and crosses the river Tarn.
Before the bridge opened, people used a ferry that ran four times a day. The ferry was sold in 1880
to a company in Bristol because too few passengers came. Today about 9,000 cars cross the bridge each day."""


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who built the Marlow Bridge?", "Sarah Whitfield"),
        ("When was the ferry sold?", "1880"),
        ("How many cars cross the bridge each day?", "9,000"),
        ("Why was the ferry sold?", "too few passengers came"),
        ("How long is the bridge in metres?", "312"),
    ],
)
def test_it_answers_from_a_passage(question: str, expected: str) -> None:
    solved = solve(f"Read this passage.\n\n{PASSAGE}\n\n{question}")
    assert solved is not None
    assert (solved.category, solved.solution.answer) == ("research", expected)


def test_it_reads_tables_of_commas() -> None:
    table = "City,Area\nOslo,454\nBern,52\nRome,1285\n\nWhich city has the largest area?"
    solved = solve(table)
    assert solved is not None
    assert solved.solution.answer == "Rome"


def test_a_summary_is_made_of_the_texts_own_sentences() -> None:
    solved = solve(f"Summarize the following text in two sentences:\n\n{PASSAGE}")
    assert solved is not None
    assert solved.solution.answer.startswith("The Marlow Bridge was built in 1874")
    assert solved.category == "language"


@pytest.mark.parametrize(
    ("message", "mood"),
    [
        ("I feel so sad since my best friend moved away", "sadness"),
        ("I'm terrified of the dark and hear footsteps", "fear"),
        ("My boss yelled at me and lied about it, I'm furious", "anger"),
        ("I did it! I'm so proud that I passed", "pride"),
    ],
)
def test_it_names_the_feeling_and_uses_the_persons_words(message: str, mood: str) -> None:
    solved = solve(message)
    assert solved is not None
    assert solved.category == "empathy"
    assert mood in solved.solution.answer
    assert re.split("[,!]", message)[0] in solved.solution.answer


@pytest.mark.parametrize(
    "text", ["", " ", "Tell me about the French Revolution.", "日本語で話してください", "\0\0", "?" * 200]
)
def test_it_does_not_claim_what_it_does_not_understand(text: str) -> None:
    assert solve(text) is None


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=300))
def test_no_text_makes_it_fail(text: str) -> None:
    solve(text)


FRAGMENTS = st.sampled_from(
    [
        "what",
        "is",
        "how",
        "many",
        "12",
        "3.5",
        "$7",
        "40%",
        "each",
        "per",
        "hour",
        "km",
        "apples",
        "boxes",
        "has",
        "more",
        "than",
        "twice",
        "as",
        "buys",
        "sells",
        "left",
        "total",
        "?",
        ".",
        ",",
        ":",
        "x",
        "=",
        "+",
        "-",
        "*",
        "/",
        "(",
        ")",
        "if",
        "today",
        "Monday",
        "2024-02-29",
        "days",
        "after",
        "convert",
        "sort",
        "alphabetically",
        "print(x)",
        "`[1,2]`",
        "plural",
        "past",
        "passive",
        "spelling",
        "table",
        "|",
        "---",
        "\n",
        '"',
        "'",
        "next",
        "sequence",
        "prime",
        "gcd",
        "10:45",
        "celsius",
        "letters",
        "reverse",
        "999999999999",
        "0",
        "which",
        "passage",
        "feel",
        "sad",
        "exactly",
        "words",
        "json",
        "write",
    ]
)


@settings(deadline=None, max_examples=400)
@given(st.lists(FRAGMENTS, max_size=30))
def test_no_jumble_of_its_own_words_makes_it_fail(parts: list[str]) -> None:
    solve(" ".join(parts))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 50_000,
        "1" * 50_000,
        "(" * 5_000 + "What is this?",
        "1, " * 20_000,
        "What is " + "9^" * 3_000 + "9?",
        "What is " + "9^" * 700 + "9?",
        "word " * 10_000,
        "x = 1\n" * 5_000 + "what does this print?",
        '"' * 20_000,
        "| a " * 10_000,
        "is and of the " * 4_000 + "?",
        "A: b\n" * 4_000,
        "How many apples does each of the boys have more than " * 300,
        "reply with only " * 1000,
        "reply with only " * 90,
        "10:45 " * 200 + "how long",
        "Tom has 3 more than " * 70 + "how many?",
        "3 boxes each has " * 700 + "How many?",
    ],
    ids=lambda text: text[:12],
)
def test_no_text_takes_long(text: str) -> None:
    start = time.process_time()
    solve(text)
    assert time.process_time() - start < 2
