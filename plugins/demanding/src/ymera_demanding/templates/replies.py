"""Replies to people in distress, of a form that can be checked."""

import random
from collections.abc import Mapping, Sequence

from ymera_demanding.task import Draft, Template
from ymera_demanding.templates.texts import NAMES, Holds, obeying, words_of


def _reply(
    draw: random.Random, ask: str, words: tuple[str, str], extra: Mapping[str, Holds], lines: Sequence[str]
) -> Draft:
    feeling, name = words
    advice = {"should", "must", "try", "ought", "recommend", "suggest"}
    rules: dict[str, Holds] = {
        f'The first word is "{name}".': lambda rows: rows[0].startswith(name),
        f'The word "{feeling}" occurs exactly once.': lambda rows: words_of(" ".join(rows)).count(feeling) == 1,
        "It gives no advice: the words should, must, try, ought, recommend and suggest do not occur.": lambda rows: (
            not advice & set(words_of(" ".join(rows)))
        ),
        'The word "but" does not occur.': lambda rows: "but" not in words_of(" ".join(rows)),
        "There is exactly one question, and it is the last sentence.": lambda rows: (
            " ".join(rows).count("?") == 1 and rows[-1].rstrip().endswith("?")
        ),
        "The question does not begin with Do, Did, Are, Is, Was, Have, Can or Will.": lambda rows: (
            not _question(rows) & {"do", "did", "are", "is", "was", "have", "can", "will"}
        ),
        "There is no exclamation mark.": lambda rows: "!" not in " ".join(rows),
        'The word "I" occurs at most once.': lambda rows: words_of(" ".join(rows)).count("i") <= 1,
        **extra,
    }
    return obeying(draw, ask, rules, lines)


def _question(rows: Sequence[str]) -> set[str]:
    last = " ".join(rows).replace("?", "").replace("!", ".").rsplit(".", 1)[-1]
    return set(words_of(last)[:1])


def replies(draw: random.Random) -> Draft:
    """A supportive reply of a form."""
    name, low = draw.choice(NAMES), draw.choice((18, 20))
    lines = [
        f"{name}, losing a job after nine years sounds truly sad. You gave those years a great deal of care. What weighs on you most tonight?"
    ]
    size = f"It has {low} to 40 words."
    extra: dict[str, Holds] = {
        size: lambda rows: low <= len(words_of(" ".join(rows))) <= 40,
        "There are exactly three sentences.": lambda rows: _sentences(rows) == 3,
        'The number "nine" occurs.': lambda rows: "nine" in words_of(" ".join(rows)),
    }
    return _reply(
        draw,
        f'{name} writes: "I lost my job after nine years, and I feel so empty." Reply with empathy.',
        ("sad", name),
        extra,
        lines,
    )


def replies_to_anger(draw: random.Random) -> Draft:
    """A reply to someone who is angry with the writer."""
    name, letter = draw.choice(NAMES), draw.choice("zxq")
    lines = [
        f"{name}, you waited two hours, and being angry about that is fair.",
        "That evening was yours, and it was lost.",
        "What would help now?",
    ]
    extra: dict[str, Holds] = {
        "There are exactly three lines.": lambda rows: len(rows) == 3,
        f'The letter "{letter}" does not occur.': lambda rows: letter not in " ".join(rows).lower(),
        'The words "sorry" and "unfortunately" do not occur.': lambda rows: (
            not {"sorry", "unfortunately"} & set(words_of(" ".join(rows)))
        ),
        'The word "two" occurs.': lambda rows: "two" in words_of(" ".join(rows)),
    }
    return _reply(
        draw, f'{name} writes: "I waited two hours for you!" Acknowledge the feeling.', ("angry", name), extra, lines
    )


def replies_to_fear(draw: random.Random) -> Draft:
    """A reply to someone before an operation."""
    name, most = draw.choice(NAMES), draw.randint(24, 30)
    lines = [
        f"{name}, being afraid the night before such an operation makes sense.",
        "You carry a lot in silence, and it is good that you said it.",
        "Who sits beside you tomorrow?",
    ]
    extra: dict[str, Holds] = {
        f"It has at most {most + 6} words.": lambda rows: len(words_of(" ".join(rows))) <= most + 6,
        "There are exactly three lines.": lambda rows: len(rows) == 3,
        'The words "fine", "okay" and "worry" do not occur.': lambda rows: (
            not {"fine", "okay", "worry"} & set(words_of(" ".join(rows)))
        ),
        'The word "tomorrow" occurs.': lambda rows: "tomorrow" in words_of(" ".join(rows)),
    }
    return _reply(
        draw,
        f'{name} writes: "The operation is tomorrow, and I have told nobody how I feel." Reply with empathy.',
        ("afraid", name),
        extra,
        lines,
    )


def _sentences(rows: Sequence[str]) -> int:
    return sum(" ".join(rows).count(each) for each in ".?!")


TEMPLATES: Mapping[str, Template] = {
    each.__name__: each
    for each in (
        replies, replies_to_anger, replies_to_fear,
    )
}  # fmt: skip
