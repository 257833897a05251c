"""What people believe, of things and of each other, by what they have seen."""

import random
from collections.abc import Mapping

from ymera_demanding.task import Draft, Template, chosen, numeric
from ymera_demanding.templates.texts import NAMES, told_in

_PLACES = ("the drawer", "the basket", "the box", "the cupboard", "the bag")


_THINGS = ("key", "letter", "ring", "ticket")


def _story(draw: random.Random, moves: int) -> tuple[list[str], list[tuple[str, str, set[str]]], list[str], str]:
    """Returns sentences, each move with its place and who saw it, the people, and the thing."""
    people, thing = draw.sample(NAMES, 4), draw.choice(_THINGS)
    inside = set(people)
    place = draw.choice(_PLACES)
    told, seen = [f"{', '.join(people)} are in the kitchen. The {thing} is in {place}"], [("", place, set(inside))]
    for _ in range(moves):
        gone = draw.random()
        if gone < 0.45 and len(inside) > 2:
            one = draw.choice(sorted(inside))
            inside.discard(one)
            told.append(f"{one} leaves the kitchen")
        elif gone < 0.6 and len(inside) < 4:
            one = draw.choice(sorted(set(people) - inside))
            inside.add(one)
            told.append(f"{one} comes back and does not look for the {thing}")
        one = draw.choice(sorted(inside))
        place = draw.choice([each for each in _PLACES if each != place])
        told.append(f"{one} moves the {thing} to {place}")
        seen.append((one, place, set(inside)))
    return told, seen, people, thing


_RULE = "People know of a move only if they are in the kitchen when it happens, and they notice who else is there."


def believes(draw: random.Random) -> Draft:
    """Where someone looks."""
    told, seen, people, thing = _story(draw, 6)
    one = draw.choice(people)
    place = next(place for _, place, who in reversed(seen) if one in who)
    return chosen(
        f"{told_in(told)} {_RULE} Where does {one} believe that the {thing} is: {', '.join(_PLACES)}?", place, _PLACES
    )


def believes_of_others(draw: random.Random) -> Draft:
    """Where someone thinks that another looks."""
    told, seen, people, thing = _story(draw, 7)
    one, other = draw.sample(people, 2)
    place = next(place for _, place, who in reversed(seen) if {one, other} <= who)
    return chosen(
        f"{told_in(told)} {_RULE} Where does {one} think that {other} believes the {thing} to be, going by the last move that {one} saw {other} see: {', '.join(_PLACES)}?",
        place,
        _PLACES,
    )


def believes_thrice(draw: random.Random) -> Draft:
    """Three minds in each other."""
    told, seen, people, thing = _story(draw, 8)
    one, other, third = draw.sample(people, 3)
    place = next(place for _, place, who in reversed(seen) if {one, other, third} <= who)
    return chosen(
        f"{told_in(told)} {_RULE} Going by the last move that all three saw together: where does {one} think that {other} thinks that {third} would look for the {thing}: {', '.join(_PLACES)}?",
        place,
        _PLACES,
    )


def mistaken(draw: random.Random) -> Draft:
    """How many are wrong."""
    told, seen, people, thing = _story(draw, 7)
    now = seen[-1][1]
    wrong = sum(next(place for _, place, who in reversed(seen) if one in who) != now for one in people)
    return numeric(
        f"{told_in(told)} {_RULE} How many of the four have a wrong belief about where the {thing} is?", wrong
    )


def secrets(draw: random.Random) -> Draft:
    """Who knows a secret in the end."""
    people = draw.sample(NAMES, 7)
    knows, told = {people[0]}, [f"Only {people[0]} knows the secret"]
    for _ in range(9):
        one, other = draw.sample(people, 2)
        kind = draw.choice(("tells", "tells", "asks", "lies"))
        if kind == "tells":
            told.append(f"{one} tells {other} all that {one} knows")
            knows |= {other} if one in knows else set()
        elif kind == "asks":
            told.append(f"{one} asks {other}, who answers truthfully with all that {other} knows")
            knows |= {one} if other in knows else set()
        else:
            told.append(f"{one} makes something up and tells it to {other}, without a word of what {one} knows")
    return numeric(f"{told_in(told)} How many of {', '.join(people)} know the secret in the end?", len(knows))


def gifts(draw: random.Random) -> Draft:
    """What each believes that the other would like."""
    people, gifts_ = draw.sample(NAMES, 4), ("book", "scarf", "plant", "game")
    likes = {each: draw.choice(gifts_) for each in people}
    thinks = {
        (one, other): draw.choice([likes[other], draw.choice(gifts_)])
        for one in people
        for other in people
        if one != other
    }
    told = [f"{each} would like a {likes[each]}" for each in people] + [
        f"{one} thinks that {other} would like a {thinks[one, other]}" for one, other in thinks
    ]
    draw.shuffle(told)
    pleased = sum(thinks[one, people[(at + 1) % 4]] == likes[people[(at + 1) % 4]] for at, one in enumerate(people))
    ring = ", ".join(f"{one} to {people[(at + 1) % 4]}" for at, one in enumerate(people))
    return numeric(
        f"{told_in(told)} Each gives what they think the other would like: {ring}. How many get what they would like?",
        pleased,
    )


def signals(draw: random.Random) -> Draft:
    """What someone shows, feels and wants others to believe."""
    people, feelings = draw.sample(NAMES, 5), ["calm", "sad", "glad", "cross"]
    feels = {each: draw.choice(feelings) for each in people}
    shows = {each: feels[each] if draw.random() < 0.4 else draw.choice(feelings) for each in people}
    sees = {each: draw.random() < 0.5 for each in people}
    judge = draw.choice(NAMES[-1:] if NAMES[-1] not in people else [each for each in NAMES if each not in people])
    told = [
        f"{each} feels {feels[each]} and shows {shows[each]}"
        + (
            f"; {judge} knows {each} well and sees through it"
            if sees[each]
            else f"; {judge} believes what {each} shows"
        )
        for each in people
    ]
    draw.shuffle(told)
    wrong = sum(not sees[each] and shows[each] != feels[each] for each in people)
    taken = sum((feels[each] if sees[each] else shows[each]) == "sad" for each in people)
    return numeric(
        f"{told_in(told)} Multiply the number of people about whose feeling {judge} is wrong by 10, and add how many {judge} takes to be sad. What is the result?",
        10 * wrong + taken,
    )


TEMPLATES: Mapping[str, Template] = {
    each.__name__: each
    for each in (
        believes, believes_of_others, believes_thrice, mistaken, secrets, gifts, signals,
    )
}  # fmt: skip
