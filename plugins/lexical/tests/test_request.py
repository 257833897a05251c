"""A request is found in a long text, wherever it stands."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera_lexical import request
from ymera_lexical.classifier import LexicalClassifier
from ymera_lexical.reading import HEAD, TAIL
from ymera_lexical.request import (
    LONG,
    LONGEST,
    MOST_COMPARED,
    MOST_FOUND,
    MOST_SEARCHED,
    WEIGHTS,
    compared,
    portions_of,
)

from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt

CLASSIFIER = LexicalClassifier()

LOG = "\n".join(
    f"2027-03-0{number % 9 + 1}T10:{number % 60:02}:07Z node-{number} ingest[{4000 + number}]: WARN depth "
    f"{number * 7}, dropped {number % 5} batches of tenant t{number % 13}"
    for number in range(90)
)
MAIL = "\n\n".join(
    f"From: Priya\nTo: Sam\nSubject: Re: offsite {number}\n\nHi Sam,\n\nthe caterer confirmed. "
    "Could you ask Lee about the projector? I'd rather not rent one again. What did the venue say "
    f"about parking?\n\nBest,\nPriya"
    for number in range(12, 22)
)
CODE = "\n\n".join(
    f"func (s *Store) get{number}(key string) (int, error) {{\n\ts.mu.RLock()\n\tdefer "
    f"s.mu.RUnlock()\n\tv, ok := s.m{number}"
    f'[key]\n\tif !ok {{\n\t\treturn 0, fmt.Errorf("no %q", key)\n\t}}\n\treturn v, nil\n}}'
    for number in range(25)
)
LEASE = "\n\n".join(
    f"{number}. The Tenant shall keep the Premises in good repair and shall not assign this Lease without the "
    f"written consent of the Landlord, which is not to be unreasonably withheld. Notice under "
    f"clause {number} takes effect on receipt."
    for number in range(1, 30)
)
CHAT = "\n".join(
    f"{'Ola' if number % 3 else 'Per'}: did the {number}:15 boat leave? I was late again, my bad"
    for number in range(70)
)
TEXTS: Mapping[str, str] = {"log": LOG, "mail": MAIL, "code": CODE, "lease": LEASE, "chat": CHAT}
REQUESTS: Mapping[str, Sequence[str]] = {
    "coding": (
        "Write a Python script that renames all JPEG files in a folder by their date.",
        "How do I revert a merge commit in git without losing later commits?",
    ),
    "math": (
        "A cyclist rides 42 km in 1.5 hours and then 18 km in 45 minutes. What is the average speed of the whole ride?",
        "Solve 3x^2 - 12x + 9 = 0 and show the steps.",
    ),
    "language": (
        "Please translate this sentence into Italian: The ferry leaves at noon.",
        'Correct the grammar: "Him and me has went to the market yesterday."',
    ),
    "empathy": (
        "My best friend stopped talking to me and I feel so lonely, I don't know what I did wrong.",
        "I feel worthless since my wife left me. How can I go on?",
    ),
    "general": (
        "Suggest a birthday present for a ten-year-old who likes dinosaurs.",
        "Write a short funny poem about a cat that is afraid of mice.",
    ),
}


def at(place: float, asked: str, text: str) -> str:
    """Returns a text with a request after a share of its paragraphs, or of its lines where these are few."""
    gap = "\n\n" if text.count("\n\n") > 10 else "\n"
    parts = text.split(gap)
    cut = round(len(parts) * place)
    return "\n\n".join(filter(None, (gap.join(parts[:cut]), asked, gap.join(parts[cut:]))))


@pytest.mark.parametrize("place", [0.0, 0.3, 0.5, 0.7, 1.0])
@pytest.mark.parametrize("kind", TEXTS)
def test_a_request_is_found_and_read_wherever_it_stands_in_a_long_text(kind: str, place: float) -> None:
    found, right = list[bool](), list[bool]()
    for category, requests in REQUESTS.items():
        for asked in requests:
            text = at(place, asked, TEXTS[kind])
            found.append(any(asked in portion.text for portion in portions_of(text)[:MOST_FOUND]))
            categories = CLASSIFIER.read(Prompt((user(text),))).categories
            right.append(max(categories, key=categories.__getitem__) == category)
    assert sum(found) >= 8
    assert sum(right) >= 7


@pytest.mark.parametrize(
    ("text", "category"),
    [
        (f"Is this safe to call from two threads?\n\n```\n{CODE}\n```", "coding"),
        (f"```\n{CODE}\n```\nwhy does this not compile", "coding"),
        (f"{LEASE}\n\nSummarise the obligations of the tenant in these clauses.", "research"),
        (f"Translate into Polish:\n\n{MAIL}", "language"),
        (f"{MAIL}\n\nMake the last mail above sound friendlier and correct its punctuation.", "language"),
    ],
)
def test_a_request_is_also_read_by_what_it_is_about(text: str, category: str) -> None:
    categories = CLASSIFIER.read(Prompt((user(text),))).categories
    assert max(categories, key=categories.__getitem__) == category


def test_what_the_user_feels_is_read_from_the_request_and_not_from_what_surrounds_it() -> None:
    text = at(0.5, "I am so angry at my sister, she lied to me again!", CODE)
    emotions = CLASSIFIER.read(Prompt((user(text),))).emotions
    assert max(emotions, key=emotions.__getitem__) == "anger"


def test_a_short_text_is_read_as_a_whole() -> None:
    assert [*portions_of(f"  {'a ' * (LONG // 2)} ")] == [(1.0, ("a " * (LONG // 2)).strip())]
    assert portions_of(" \n") == ()


@given(
    st.lists(
        st.sampled_from(["\n", "\n\n", "? ", ". ", "Write ", "x", "please you ", "\t", "写 ", "\ud800", "a" * 700])
    )
)
def test_what_is_read_of_any_text_is_bounded_and_counts_1_in_all(pieces: list[str]) -> None:
    text = "".join(pieces)
    portions = portions_of(text)
    assert len(portions) <= MOST_FOUND + 1
    assert sum(len(portion.text) for portion in portions) <= max(LONG, MOST_FOUND * LONGEST + HEAD + TAIL + 1)
    if text.strip():
        assert sum(portion.share for portion in portions) == pytest.approx(1)
        assert len({len(signs) for _, signs in compared(text.strip())} | {len(WEIGHTS)}) == 1


@pytest.mark.parametrize("unit", ["a", "a ", "a?\n\n", "Write? ", "\n", " \n\n", "```\n", "x. ", "> a\n", "写。"])
def test_of_a_huge_text_few_paragraphs_are_compared_and_its_middle_is_not_searched(unit: str) -> None:
    text = f"begin{unit * (1_000_000 // len(unit))}end"
    middle, asked = len(text) // 2, "\n\nWrite a haiku about rain.\n\n"
    assert len(compared(text)) <= MOST_COMPARED + 2
    assert portions_of(f"{text[:middle]}{asked}{text[middle:]}") == portions_of(text)
    assert middle > MOST_SEARCHED


def test_the_weights_are_those_of_the_signs() -> None:
    signs = request.compared("Write a haiku about rain.\n\nSome other text.")[0][1]
    named = dict(zip(WEIGHTS, signs, strict=True))
    assert named["begins with an imperative"]
    assert named["comes first"]
    assert named["is a paragraph"]
    assert not named["comes last"]
    assert not named["ends asking"]
