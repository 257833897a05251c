"""Tools to be called rightly: the right one of several that are alike, with computed arguments, as often as needed."""

import datetime
import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

from ymera_demanding.task import Draft, Template
from ymera_service.sdk.benchmarks import calls_in, written_call
from ymera_service.sdk.generation import Tool
from ymera_service.sdk.grading.answers import Answer, Check

Call = tuple[str, dict[str, Any]]
"""A tool's name and its arguments."""
_PEOPLE = ("anna", "ben", "cleo", "dan", "eva", "finn")
_ROOMS = ("Aspen", "Birch", "Cedar", "Elm")


def _tool(name: str, description: str, **fields: Any) -> Tool:
    schema = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    return Tool(name, description, json.dumps(schema))


_TEXT, _WHOLE, _NAMES = {"type": "string"}, {"type": "integer"}, {"type": "array", "items": {"type": "string"}}
_BOOK = _tool(
    "book_room",
    "Books a room. minutes is how long; start is local time as YYYY-MM-DDTHH:MM.",
    room=_TEXT,
    start=_TEXT,
    minutes=_WHOLE,
    people=_NAMES,
)
_MOVE = _tool("move_booking", "Moves an existing booking to another start.", booking=_WHOLE, start=_TEXT)
_CANCEL = _tool("cancel_booking", "Cancels an existing booking.", booking=_WHOLE)
_PAY = _tool("transfer", "Transfers money between accounts, in cents.", source=_TEXT, target=_TEXT, cents=_WHOLE)
_HOLD = _tool(
    "schedule_transfer",
    "Transfers money on a later day, in cents; day is YYYY-MM-DD.",
    source=_TEXT,
    target=_TEXT,
    cents=_WHOLE,
    day=_TEXT,
)
_FIND = _tool(
    "search_orders",
    "Finds orders. status is open, sent or returned; from_day and to_day are inclusive, YYYY-MM-DD.",
    customer=_TEXT,
    status=_TEXT,
    from_day=_TEXT,
    to_day=_TEXT,
)
_REFUND = _tool("refund_order", "Refunds an order in part or whole, in cents.", order=_WHOLE, cents=_WHOLE)
_MAIL = _tool("send_mail", "Sends a mail.", to=_NAMES, subject=_TEXT)
_CONVERT = _tool(
    "convert",
    "Converts an amount between units, such as km and mi.",
    amount={"type": "number"},
    source=_TEXT,
    target=_TEXT,
)
_ALL = (_BOOK, _MOVE, _CANCEL, _PAY, _HOLD, _FIND, _REFUND, _MAIL, _CONVERT)


def _calling(
    draw: random.Random, question: str, calls: Sequence[Call], tools: Sequence[Tool] = _ALL, sample: str = ""
) -> Draft:
    """Returns the task to make these calls, in any order and no other."""
    right = _comparable(calls)

    def made(answer: Answer) -> float:
        return float(_comparable(calls_in(answer.blocks)) == right)

    rules: dict[str, Check] = {"calls": made}
    text = "\n".join([sample, *(written_call(name, json.dumps(given)) for name, given in calls)])
    return Draft(question, rules, text, draw.sample(tools, len(tools)))


def _comparable(calls: Sequence[Call]) -> list[str]:
    """Returns calls such that their order, that of people, and capitals don't matter."""
    return sorted(f"{name} {json.dumps({key: _plain(given[key]) for key in sorted(given)})}" for name, given in calls)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(str(each).casefold() for each in value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return (
        value.casefold().removesuffix(":00")
        if isinstance(value, str) and value.count(":") == 2
        else value.casefold()
        if isinstance(value, str)
        else value
    )


def _day(draw: random.Random) -> datetime.date:
    return datetime.date(2031, draw.randint(1, 11), draw.randint(1, 28))


def booking(draw: random.Random) -> Draft:
    """A booking whose time has to be computed."""
    today, ahead, weeks = _day(draw), draw.randint(0, 4), draw.randint(1, 3)
    day = today + datetime.timedelta((ahead - today.weekday()) % 7 or 7) + datetime.timedelta(7 * (weeks - 1))
    hour, quarters, people, room = draw.randint(8, 15), draw.randint(3, 7), draw.sample(_PEOPLE, 3), draw.choice(_ROOMS)
    which = ["next", "second next", "third next"][weeks - 1]
    question = f"Today is {today:%A, %d %B %Y}. Book {room} on the {which} {day:%A} after today (the next one is the first {day:%A} that follows today) from {hour}:15 for {quarters} quarters of an hour, for {people[0]}, {people[1]} and {people[2]}. Don't ask back."
    given = {"room": room, "start": f"{day.isoformat()}T{hour:02d}:15", "minutes": 15 * quarters, "people": people}
    return _calling(draw, question, [("book_room", given)])


def moving(draw: random.Random) -> Draft:
    """An existing booking, of several, to be moved relative to its time."""
    day, numbers = _day(draw), draw.sample(range(100, 999), 4)
    rows = [(number, draw.choice(_ROOMS), draw.randint(9, 14), draw.choice(_PEOPLE)) for number in numbers]
    picked = draw.choice(rows)
    if sum(row[1] == picked[1] and row[3] == picked[3] for row in rows) > 1:
        return moving(draw)
    later = draw.randint(35, 170)
    minutes = picked[2] * 60 + later
    told = "; ".join(f"number {row[0]}: {row[1]}, {row[2]}:00, for {row[3]}" for row in rows)
    question = f"Bookings on {day.isoformat()}: {told}. Move the one of {picked[3]} in {picked[1]} by {later} minutes to later. Don't ask back."
    start = f"{day.isoformat()}T{minutes // 60:02d}:{minutes % 60:02d}"
    return _calling(draw, question, [("move_booking", {"booking": picked[0], "start": start})])


def transfers(draw: random.Random) -> Draft:
    """An amount to be divided, with several calls."""
    people, cents = draw.sample(_PEOPLE, 3), draw.randint(3_001, 19_999)
    small, rest = divmod(cents, 3)
    shares = [small + (at < rest) for at in range(3)]
    question = f"Transfer {cents // 100}.{cents % 100:02d} € in all from the account main at once, in three equal parts, to {people[0]}, {people[1]} and {people[2]}; cents that can't be divided go one each to the first ones named. Make all calls now."
    return _calling(
        draw,
        question,
        [
            ("transfer", {"source": "main", "target": one, "cents": share})
            for one, share in zip(people, shares, strict=True)
        ],
    )


def scheduled(draw: random.Random) -> Draft:
    """A transfer on a day that has to be computed, in percent."""
    today, percent, cents, who = (
        _day(draw),
        draw.choice((5, 12, 15, 35)),
        100 * draw.randint(40, 900),
        draw.choice(_PEOPLE),
    )
    later = draw.randint(20, 75)
    question = f"Today is {today.isoformat()}. {later} days from today, {percent} % of {cents // 100} € shall go from savings to {who}. Don't ask back."
    given = {
        "source": "savings",
        "target": who,
        "cents": cents * percent // 100,
        "day": (today + datetime.timedelta(later)).isoformat(),
    }
    return _calling(draw, question, [("schedule_transfer", given)])


def searching(draw: random.Random) -> Draft:
    """Arguments that follow from words."""
    month, year, who = draw.randint(1, 12), draw.randint(2027, 2033), draw.choice(_PEOPLE)
    first = datetime.date(year, month, 1)
    last = (datetime.date(year + month // 12, month % 12 + 1, 1)) - datetime.timedelta(1)
    told, status = draw.choice((("came back", "returned"), ("are on their way", "sent"), ("were not sent yet", "open")))
    question = f"Which orders of the customer {who} from the whole of {first:%B %Y} {told}? Look them up."
    given = {"customer": who, "status": status, "from_day": first.isoformat(), "to_day": last.isoformat()}
    return _calling(draw, question, [("search_orders", given)])


def refunds(draw: random.Random) -> Draft:
    """Some of several, by a rule."""
    rows = [
        (number, draw.randint(1_000, 9_999), draw.randint(1, 60)) for number in draw.sample(range(10_000, 99_999), 5)
    ]
    late = draw.randint(14, 40)
    due = [row for row in rows if row[2] > late]
    if not 1 <= len(due) <= 3:
        return refunds(draw)
    told = "; ".join(f"order {row[0]}, {row[1] // 100}.{row[1] % 100:02d} €, {row[2]} days late" for row in rows)
    question = f"Orders: {told}. Refund half of the price, rounded down to whole cents, of every order that is more than {late} days late. Make all calls now."
    return _calling(draw, question, [("refund_order", {"order": row[0], "cents": row[1] // 2}) for row in due])


def nothing(draw: random.Random) -> Draft:
    """A question that needs no tool, though one seems to fit."""
    one, other = draw.randint(12, 40), draw.randint(12, 40)
    question = f"Don't book anything yet. If a meeting in {draw.choice(_ROOMS)} has {one} people and each needs {other} minutes, how many minutes is that in all? Answer with the number only."
    made = _calling(draw, question, [], sample=str(one * other))
    return Draft(
        question,
        {**made.rules, "answer": lambda answer: float(answer.text.strip().rstrip(".") == str(one * other))},
        str(one * other),
        made.tools,
    )


def conditional(draw: random.Random) -> Draft:
    """A call that depends on a condition of the data."""
    number, free, need, room = draw.randint(100, 999), draw.randint(4, 12), draw.randint(4, 12), draw.choice(_ROOMS)
    day, people = _day(draw), draw.sample(_PEOPLE, 2)
    question = f'{room} has {free} seats. If that is enough for {need} people, book it on {day.isoformat()} from 09:30 for one and a half hours, for {people[0]} and {people[1]}; if not, cancel booking {number} and mail {people[0]} with the subject "too small". Make all calls now.'
    if free >= need:
        calls: Sequence[Call] = [
            ("book_room", {"room": room, "start": f"{day.isoformat()}T09:30", "minutes": 90, "people": people})
        ]
    else:
        calls = [("cancel_booking", {"booking": number}), ("send_mail", {"to": people[:1], "subject": "too small"})]
    return _calling(draw, question, calls)


TEMPLATES: Mapping[str, Template] = {
    each.__name__: each for each in (booking, moving, transfers, scheduled, searching, refunds, nothing, conditional)
}
