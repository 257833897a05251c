"""Research: facts in passages and tables that are generated for the task."""

import random
from collections.abc import Callable, Mapping, Sequence

from ymera_basics.task import Draft, Template
from ymera_basics.templates.phrases import PEOPLE, number_question
from ymera_service.sdk.grading import amounts, words

_TOWNS = (
    "Velmora",
    "Astwick",
    "Carrowhill",
    "Dunmere",
    "Eskholm",
    "Farnley",
    "Gorsedale",
    "Hatherton",
    "Ironbridge Bay",
    "Jessamine",
)
_SURNAMES = ("Okafor", "Lindqvist", "Moreau", "Tanaka", "Petrov", "Alvarez", "Haddad", "Novak", "Byrne", "Costa")
_BUILDINGS = (
    "library",
    "lighthouse",
    "museum",
    "observatory",
    "theatre",
    "botanical garden",
    "water mill",
    "town hall",
)
_GOODS = ("honey", "glass", "wool", "pottery", "paper", "cheese", "clocks", "boats")
_RIVERS = ("Ashe", "Brindle", "Corran", "Dorle", "Elver", "Fenwick")


class _World:
    """A place with a history, generated for each task."""

    def __init__(self, draw: random.Random) -> None:
        self.town, self.other = draw.sample(_TOWNS, 2)
        self.founder, self.architect, self.mayor = (
            f"{first} {last}" for first, last in zip(draw.sample(PEOPLE, 3), draw.sample(_SURNAMES, 3), strict=True)
        )
        self.founded, self.opened = draw.randint(1610, 1790), draw.randint(1820, 1960)
        self.closed = self.opened + draw.randint(11, 40)
        self.people, self.visitors = draw.randint(12, 95) * 100, draw.randint(21, 98) * 1000
        self.height, self.rooms = draw.randint(18, 75), draw.randint(7, 44)
        self.building, self.goods, self.river = draw.choice(_BUILDINGS), draw.choice(_GOODS), draw.choice(_RIVERS)

    def passage(self, draw: random.Random) -> str:
        """Returns a passage about its history, in one of several orders."""
        first = [
            f"{self.town} is a town on the river {self.river}.",
            f"It was founded in {self.founded} by {self.founder}, who came from {self.other}.",
        ]
        rest = [
            f"The {self.building} of {self.town} was designed by {self.architect} and opened in {self.opened}.",
            f"The {self.building} is {self.height} metres high and has {self.rooms} rooms.",
            f"About {self.people} people live in {self.town} today.",
            f"The town is known for its {self.goods}, which is sold all over the region.",
            f"Every year about {self.visitors} visitors come to the {self.building}.",
            f"The mayor of {self.town} is {self.mayor}.",
            f"A railway station was closed in {self.closed}.",
        ]
        draw.shuffle(rest)
        return " ".join(first + rest)


def _asked(draw: random.Random, passage: str, question: str, form: str) -> str:
    layouts = (
        "Read the passage and answer the question.\n\n{passage}\n\nQuestion: {question} {form}",
        "{question} Use only this text:\n\n{passage}\n\n{form}",
        "Passage:\n{passage}\n\n{question}\n{form}",
    )
    return draw.choice(layouts).format(passage=passage, question=question, form=form)


def person(draw: random.Random) -> Draft:
    """Who did it."""
    world = _World(draw)
    questions = (
        (f"Who founded {world.town}?", world.founder),
        (f"Who designed the {world.building}?", world.architect),
        (f"Who is the mayor of {world.town}?", world.mayor),
    )
    question, answer = draw.choice(questions)
    others = [world.founder, world.architect, world.mayor]
    return Draft(
        _asked(draw, world.passage(draw), question, "Answer with the person's full name only."),
        words.choice(answer, others),
        answer,
    )


def year(draw: random.Random) -> Draft:
    """In which year."""
    world = _World(draw)
    questions = (
        (f"In which year was {world.town} founded?", world.founded),
        (f"In what year did the {world.building} open?", world.opened),
        ("In which year was the railway station closed?", world.closed),
    )
    question, answer = draw.choice(questions)
    return Draft(
        _asked(draw, world.passage(draw), question, "Answer with the year only."),
        amounts.number(answer, least=1000),
        str(answer),
    )


def quantity(draw: random.Random) -> Draft:
    """How many, how high."""
    world = _World(draw)
    questions = (
        (f"How many people live in {world.town}?", world.people),
        (f"How many metres high is the {world.building}?", world.height),
        (f"How many rooms does the {world.building} have?", world.rooms),
        (f"How many visitors come to the {world.building} every year?", world.visitors),
    )
    question, answer = draw.choice(questions)
    return Draft(
        _asked(draw, world.passage(draw), question, "Answer with the number only."), amounts.number(answer), str(answer)
    )


def thing(draw: random.Random) -> Draft:
    """Which place, which product."""
    world = _World(draw)
    questions = (
        (f"On which river does {world.town} lie?", world.river),
        (f"What is {world.town} known for?", world.goods),
        (f"Which town did {world.founder} come from?", world.other),
    )
    question, answer = draw.choice(questions)
    return Draft(
        _asked(draw, world.passage(draw), question, "Answer with a word or name only."),
        words.choice(answer, [world.river, world.goods, world.other]),
        answer,
    )


def mentions(draw: random.Random) -> Draft:
    """How often a word occurs."""
    world, word = _World(draw), draw.choice(("harvest", "bridge", "market", "winter"))
    extra = draw.sample(
        (
            f"The {word} fed the town.",
            f"Old songs praise the {word}.",
            f"In {world.opened} the {word} was painted by {world.architect}.",
            f"No {word} was as famous as that of {world.other}.",
            f"Visitors ask for the {word} first.",
        ),
        draw.randint(2, 5),
    )
    question = f'How many times does the word "{word}" occur in the text?'
    return Draft(
        _asked(draw, f"{world.passage(draw)} {' '.join(extra)}", question, "Answer with the number only."),
        amounts.number(len(extra)),
        str(len(extra)),
    )


def _rows(draw: random.Random) -> tuple[str, Sequence[str], Sequence[int], str]:
    kinds = (
        ("Town", "Population", _TOWNS, 900, 40_000),
        ("Person", "Points", PEOPLE, 5, 99),
        ("Town", "Rainfall in mm", _TOWNS, 300, 2_000),
        ("Person", "Age", PEOPLE, 18, 80),
    )
    head, value, pool, low, high = draw.choice(kinds)
    names = draw.sample(pool, 5)
    values = draw.sample(range(low, high), 5)
    lines = [
        f"| {head} | {value} |",
        "|---|---|",
        *(f"| {name} | {number} |" for name, number in zip(names, values, strict=True)),
    ]
    return "\n".join(lines), names, values, value


def row(draw: random.Random) -> Draft:
    """The row that has the most or least."""
    table, names, values, value = _rows(draw)
    choose: tuple[tuple[str, Callable[[Sequence[int]], int]], ...] = (
        ("highest", max),
        ("lowest", min),
        ("second highest", lambda every: sorted(every)[-2]),
    )
    which, pick = draw.choice(choose)
    answer = names[values.index(pick(values))]
    asked = f"According to this table, who or what has the {which} {value.lower()}?"
    question = f"{asked}\n\n{table}\n\nAnswer with the name only."
    return Draft(question, words.choice(answer, names), answer)


def figures(draw: random.Random) -> Draft:
    """Sums, differences, counts over a table."""
    table, names, values, value = _rows(draw)
    one, other = draw.sample(range(5), 2)
    limit = sorted(values)[draw.randint(1, 3)]
    column = value.lower().split(" in ")[0]
    questions = (
        (
            f"What is the difference in {column} between {names[one]} and {names[other]}?",
            abs(values[one] - values[other]),
        ),
        (f"What is the total {column} of {names[one]} and {names[other]}?", values[one] + values[other]),
        (f"How many rows of the table have a {column} of more than {limit}?", sum(each > limit for each in values)),
        (f"What is the {column} of {names[one]}?", values[one]),
    )
    question, answer = draw.choice(questions)
    return Draft(number_question(draw, f"{table}\n\n{question}"), amounts.number(answer), str(answer))


def compared(draw: random.Random) -> Draft:
    """Which of two places, described in prose, is older or larger."""
    one, other = draw.sample(_TOWNS, 2)
    years = draw.sample(range(1600, 1900), 2)
    sizes = draw.sample(range(2_000, 60_000, 500), 2)
    told = [
        f"{town} was founded in {founded} and has {size} inhabitants."
        for town, founded, size in zip((one, other), years, sizes, strict=True)
    ]
    passage = f"{' '.join(told)} Both towns lie in the same valley, and a road joins them."
    if draw.random() < 0.5:
        difference = abs(sizes[0] - sizes[1])
        question = "How many more inhabitants does the larger town have than the smaller one?"
        return Draft(
            _asked(draw, passage, question, "Answer with the number only."), amounts.number(difference), str(difference)
        )
    question, answer = f"How many inhabitants does {other} have?", sizes[1]
    return Draft(_asked(draw, passage, question, "Answer with the number only."), amounts.number(answer), str(answer))


TEMPLATES: Mapping[str, Template] = {
    "person": person,
    "row": row,
    "year": year,
    "figures": figures,
    "quantity": quantity,
    "thing": thing,
    "mentions": mentions,
    "compared": compared,
}
