"""Facts among 2 to 8 KB of similar ones, facts corrected later, facts in two steps, and facts that are not there."""

import random
from collections.abc import Mapping

from ymera_basics.task import Draft, Template
from ymera_basics.templates.phrases import PEOPLE
from ymera_service.sdk.grading import amounts, checks, words

_SURNAMES = (
    "Okafor",
    "Lindqvist",
    "Moreau",
    "Tanaka",
    "Petrov",
    "Alvarez",
    "Haddad",
    "Novak",
    "Byrne",
    "Costa",
    "Weiss",
)
_ROOMS = ("archive", "laboratory", "workshop", "studio", "greenhouse", "kitchen", "library", "darkroom")
_NOT_STATED = "If the text does not say, answer 'not stated'."


class _Register:
    """People, each with a badge, a room and an hour, told in one sentence each."""

    def __init__(self, draw: random.Random) -> None:
        names = [f"{first} {last}" for first in PEOPLE for last in _SURNAMES]
        count = draw.randint(25, 75)
        self.names = draw.sample(names, count)
        self.badges = dict(zip(self.names, draw.sample(range(1_000, 9_999), count), strict=True))
        self.rooms = {name: draw.choice(_ROOMS) for name in self.names}
        self.others = [name for name in names if name not in self.badges]
        self.lines = [
            f"{name} works in the {self.rooms[name]} and carries the badge {self.badges[name]}, "
            f"{draw.choice(('issued in', 'renewed in', 'last checked in'))} {draw.randint(1990, 2024)}."
            for name in self.names
        ]

    def ask(self, question: str, form: str) -> str:
        """Returns a question about the register, with its text."""
        return f"{question} Use only this text.\n\n{' '.join(self.lines)}\n\n{form}"


def needle(draw: random.Random) -> Draft:
    """One badge among many; people share first names and surnames."""
    register = _Register(draw)
    name = draw.choice(register.names)
    question = register.ask(f"Which badge does {name} carry?", "Answer with the number only.")
    return Draft(question, amounts.number(register.badges[name], least=1_000), str(register.badges[name]))


def owner(draw: random.Random) -> Draft:
    """The person of a badge."""
    register = _Register(draw)
    name = draw.choice(register.names)
    question = register.ask(f"Who carries the badge {register.badges[name]}?", "Answer with the full name only.")
    return Draft(question, words.choice(name, register.names), name)


def corrected(draw: random.Random) -> Draft:
    """A badge that a later sentence replaces."""
    register = _Register(draw)
    name, *changed = draw.sample(register.names, 4)
    badges = draw.sample(sorted(set(range(1_000, 9_999)) - set(register.badges.values())), 4)
    for each, badge in zip([*changed, name], badges, strict=True):
        after = register.names.index(each) + 1
        register.lines.insert(draw.randint(after + 2, len(register.lines) + 2), f"{each} has since been given {badge}.")
    question = register.ask(f"Which badge does {name} carry now?", "Answer with the number only.")
    return Draft(question, amounts.number(badges[-1], least=1_000), str(badges[-1]))


def joined(draw: random.Random) -> Draft:
    """A badge found by way of another person."""
    register = _Register(draw)
    one, other = draw.sample(register.names, 2)
    register.lines.insert(draw.randrange(len(register.lines)), f"{one} shares a locker with {other}.")
    question = register.ask(f"Which badge is carried by the person who shares a locker with {one}?", "Number only.")
    return Draft(question, amounts.number(register.badges[other], least=1_000), str(register.badges[other]))


def tally(draw: random.Random) -> Draft:
    """How many work in a room."""
    register = _Register(draw)
    room = draw.choice(_ROOMS)
    count = sum(each == room for each in register.rooms.values())
    return Draft(
        register.ask(f"How many people work in the {room}?", "Number only."), amounts.number(count), str(count)
    )


def unstated(draw: random.Random) -> Draft:
    """A badge that the text may not tell: of a person who isn't there but whose names are."""
    register = _Register(draw)
    if draw.random() < 0.3:
        name = draw.choice(register.names)
        check, sample = amounts.number(register.badges[name], least=1_000), str(register.badges[name])
    else:
        name, check, sample = draw.choice(register.others), checks.not_stated, "not stated"
    return Draft(register.ask(f"Which badge does {name} carry?", f"Number only. {_NOT_STATED}"), check, sample)


TEMPLATES: Mapping[str, Template] = {
    "hard-needle": needle,
    "hard-unstated": unstated,
    "hard-corrected": corrected,
    "hard-joined": joined,
    "hard-owner": owner,
    "hard-tally": tally,
}
