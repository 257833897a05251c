"""Empathy: which emotion a message shows, and a reply of the right form."""

import random
import re
from collections.abc import Mapping

from ymera_basics.task import Draft, Template
from ymera_basics.templates.phrases import PEOPLE, in_words
from ymera_service.sdk.grading import words
from ymera_service.sdk.grading.answers import Answer, Check
from ymera_service.sdk.grading.checks import sentences
from ymera_service.sdk.grading.wording import listed

_MESSAGES: Mapping[str, tuple[str, ...]] = {
    "grief": (
        "My grandmother's funeral was yesterday. I keep setting the table for her.",
        "It is a month since {name} passed away and his jacket is still in the hall.",
        "We had to say goodbye to our old dog, and the house is so quiet without him.",
    ),
    "anger": (
        "My boss took credit for my work in front of everybody. How dare he!",
        "{name} lied to me for a year, straight to my face. I am seething.",
        "They towed my car from my own parking space and then charged me for it. This is outrageous!",
    ),
    "fear": (
        "There were footsteps behind me all the way home and I was shaking when I locked the door.",
        "I heard the window break downstairs. I am hiding in the bathroom and my heart is pounding.",
        "The plane dropped so hard that people screamed. I am terrified of flying back.",
    ),
    "joy": (
        "She said yes! We are getting married in June and I can't stop smiling.",
        "{name} and I laughed until we cried today. It was the best day in ages.",
        "Our baby was born this morning. She is perfect and we are over the moon.",
    ),
    "pride": (
        "I finished my first marathon after two years of training, at the age of fifty!",
        "My daughter is the first in our family to graduate, and I worked nights to make it possible.",
        "I built this table with my own hands and it stands as straight as a church.",
    ),
    "guilt": (
        "I promised {name} that I would visit him in hospital and I never went. It is my fault that he was alone.",
        "I snapped at my little son over nothing and he cried himself to sleep. I should not have done that.",
        "I told her secret to the others and now everyone knows. I can't forgive myself.",
    ),
    "loneliness": (
        "I moved to a new city in March and still eat every dinner by myself. The phone never rings.",
        "It was my birthday and not a single person called.",
        "Everyone else has somebody to talk to. I go days without hearing a voice.",
    ),
    "relief": (
        "The test came back negative. I can finally breathe again.",
        "{name} has been found, safe and sound, after six hours. What a weight off my shoulders.",
        "The last exam is over and I passed after all. I slept for twelve hours.",
    ),
    "gratitude": (
        "Thank you for driving all night to be with us. I will never forget what you did.",
        "My neighbour brought soup every single day while I was ill. Such kindness means the world to me.",
        "{name} stayed late all week to teach me the job. I owe her so much.",
    ),
    "jealousy": (
        "My sister gets a new car, a new flat, everything. Why does she get it all and not me?",
        "{name} laughs with her new colleagues more than with me, and I keep checking who likes her photos.",
        "He won the prize with half the effort. It should have been me.",
    ),
    "disgust": (
        "I found half a cockroach in my salad. I had already eaten the other half of the bowl.",
        "The fridge had been off for three weeks, and the stench of rotten meat made me gag.",
        "Someone had left used bandages in the sink, covered in slime. Yuck.",
    ),
    "anxiety": (
        "The interview is tomorrow and I keep going over everything that could go wrong. I can't sleep.",
        "What if the results are bad? I have checked my mail twenty times today and my stomach is in knots.",
        "I have to give a presentation on Monday and I am already biting my nails.",
    ),
    "disappointment": (
        "I had hoped so much for that job, and they chose somebody else.",
        "We saved for two years for this trip, and then it was cancelled the day before.",
        "The book I had looked forward to for months was dull from the first page to the last. I expected better.",
    ),
    "excitement": (
        "Only three more sleeps until we fly to Iceland. My bags are packed and I can't wait!",
        "We have tickets for the opening night! I have been counting down the days.",
        "I start at my dream school next week. I am so ready that I can hardly sit still!",
    ),
    "surprise": (
        "I opened the door and there stood {name}, whom I had not seen in ten years. I never expected that.",
        "Out of the blue they told me I had won a competition that I had forgotten entering.",
        "The quietest person in the office turned out to be a famous singer. I can't believe it!",
    ),
    "frustration": (
        "The printer jams every single time. I have tried everything, and it still does not work.",
        "I have been on hold for the fourth time today and nobody can tell me where my parcel is.",
        "For hours I get the same error over and over, whatever I change.",
    ),
}
_APART: Mapping[str, frozenset[str]] = {
    "joy": frozenset({"pride", "relief", "gratitude", "excitement", "surprise"}),
    "pride": frozenset({"joy", "relief", "excitement"}),
    "relief": frozenset({"joy", "gratitude"}),
    "gratitude": frozenset({"joy", "relief"}),
    "fear": frozenset({"anxiety", "surprise"}),
    "anxiety": frozenset({"fear", "excitement"}),
    "anger": frozenset({"jealousy", "disgust", "frustration", "disappointment"}),
    "jealousy": frozenset({"anger", "loneliness", "disappointment"}),
    "grief": frozenset({"loneliness", "guilt", "disappointment"}),
    "guilt": frozenset({"grief", "anger", "anxiety"}),
    "loneliness": frozenset({"grief", "jealousy", "disappointment"}),
    "disgust": frozenset({"anger", "surprise", "fear"}),
    "disappointment": frozenset({"grief", "anger", "frustration", "loneliness", "jealousy"}),
    "excitement": frozenset({"joy", "pride", "anxiety"}),
    "surprise": frozenset({"joy", "fear", "disgust"}),
    "frustration": frozenset({"anger", "disappointment", "anxiety"}),
}
"""Emotion → those that a reader may reasonably see in the same message; they are never offered as wrong choices."""
_FELT = dict(
    pair.split(":")
    for pair in listed(
        "grief:grieving anger:angry fear:afraid joy:joyful pride:proud guilt:guilty loneliness:lonely relief:relieved "
        "gratitude:grateful jealousy:jealous disgust:disgusted anxiety:anxious disappointment:disappointed "
        "excitement:excited surprise:surprised frustration:frustrated"
    )
)
_HARD = ("grief", "loneliness", "anxiety", "guilt", "fear", "disappointment")
_ADVICE = re.compile(
    r"\byou (?:should|must|need to|have to|ought to)\b|\bwhy don't you\b|\bjust (?:try|do|get|forget|move)\b|"
    r"\bcheer up\b|\bat least\b|\bget over\b|\bcalm down\b|\bcould be worse\b"
)
_SEEN = re.compile(
    r"\b(?:sounds?|sorry|hear you|understand|understandable|must (?:be|feel|have)|makes sense|hard|painful|tough|"
    r"difficult|here for you|with you|imagine|heavy|scary|hurts?|lonely|miss|disappoint\w+|frightening|sad|"
    r"(?:you|you're|you are|you must|you might|how|it|that) (?:feels?|feeling)(?! like\b))\b"
)
_ENDED = re.compile(r"[.!?…][\"')]*\W{0,3}$")


def _message(draw: random.Random, emotion: str) -> str:
    return draw.choice(_MESSAGES[emotion]).format(name=draw.choice(PEOPLE))


def _choices(draw: random.Random, emotion: str, count: int) -> list[str]:
    others = [other for other in _MESSAGES if other != emotion and other not in _APART[emotion]]
    chosen = [emotion, *draw.sample(others, count - 1)]
    draw.shuffle(chosen)
    return chosen


def _identified(draw: random.Random, wording: str, count: int) -> Draft:
    emotion = draw.choice(sorted(_MESSAGES))
    choices = _choices(draw, emotion, count)
    question = wording.format(
        message=_message(draw, emotion), choices=", ".join(choices), either=in_words(choices, "or")
    )
    return Draft(question, words.choice(emotion, choices, _FELT), emotion)


def chosen(draw: random.Random) -> Draft:
    """The emotion, out of a list."""
    return _identified(
        draw,
        'Which of these emotions does the message show most: {choices}?\n\n"{message}"\n\nAnswer with one word '
        "from the list.",
        4,
    )


def labelled(draw: random.Random) -> Draft:
    """The emotion as a label."""
    return _identified(
        draw,
        "Label the main emotion of this message.\n\nMessage: {message}\n\nLabels: {choices}. Reply with the "
        "label only.",
        5,
    )


def named(draw: random.Random) -> Draft:
    """What a friend feels."""
    return _identified(
        draw, 'A friend writes to you: "{message}" What is your friend feeling: {either}? Give just the emotion.', 3
    )


def between(draw: random.Random) -> Draft:
    """One of two."""
    return _identified(draw, 'Somebody says: "{message}" Is the feeling behind this {either}? Answer with one word.', 2)


def shared(draw: random.Random) -> Draft:
    """The message that shows an emotion, out of three."""
    emotion = draw.choice(sorted(_MESSAGES))
    others = [other for other in _choices(draw, emotion, 3) if other != emotion]
    order = draw.sample([emotion, *others], 3)
    lines = "\n".join(f"{letter}: {_message(draw, each)}" for letter, each in zip("ABC", order, strict=True))
    letter = "ABC"[order.index(emotion)]
    question = f"Which of these messages shows {emotion}?\n\n{lines}\n\nAnswer with the letter only."
    return Draft(question, words.choice(letter, "ABC"), letter)


def odd(draw: random.Random) -> Draft:
    """The message of four that shows another emotion than the rest."""
    emotion = draw.choice(sorted(_MESSAGES))
    other = draw.choice([each for each in _choices(draw, emotion, 2) if each != emotion])
    told = [each.format(name=draw.choice(PEOPLE)) for each in _MESSAGES[emotion]]
    letter, at = draw.choice([*zip("ABCD", range(4), strict=True)])
    told.insert(at, _message(draw, other))
    lines = "\n".join(f"{each}: {message}" for each, message in zip("ABCD", told, strict=True))
    question = "Three of these messages show the same emotion. Which one shows another?"
    return Draft(f"{question}\n\n{lines}\n\nAnswer with the letter only.", words.choice(letter, "ABCD"), letter)


def speakers(draw: random.Random) -> Draft:
    """Who of several people feels something."""
    emotion = draw.choice(sorted(_MESSAGES))
    felt = [*_choices(draw, emotion, 5)]
    names = draw.sample(PEOPLE, len(felt))
    told = [draw.choice([each for each in _MESSAGES[feeling] if "{name}" not in each]) for feeling in felt]
    lines = "\n".join(f'{name}: "{message}"' for name, message in zip(names, told, strict=True))
    question = f"Five people speak.\n\n{lines}\n\nWho of them most likely feels {emotion}? Answer with the name only."
    right = names[felt.index(emotion)]
    return Draft(question, words.choice(right, names), right)


def reply(draw: random.Random) -> Draft:
    """A supportive reply of a given number of sentences, without advice, with or without a question at its end."""
    emotion, count, asking = draw.choice(_HARD), draw.randint(2, 3), draw.random() < 0.5
    end = "End with a question. " if asking else ""
    question = (
        f'A friend tells you: "{_message(draw, emotion)}" Write a supportive reply in exactly '
        f"{['two', 'three'][count - 2]} sentences. "
        f"Show that you understand the feeling. Give no advice. {end}Write the reply only."
    )
    closing = "Do you want to tell me more?" if asking else "I am here with you."
    sample = " ".join([*["That sounds so hard.", "I am sorry you go through this."][: count - 1], closing])
    return Draft(question, _supportive(count, asking), sample)


def _supportive(count: int, asking: bool) -> Check:
    """A third each for length, acknowledging the feeling, and ending; none if it lectures, ignores the feeling
    or isn't written in sentences.
    """

    def check(answer: Answer) -> float:
        text = answer.text
        low, parts = text.lower(), sentences(text)
        if (
            not parts
            or not re.search(r"\byou\b|\byour\b|\byou're\b", low)
            or _ADVICE.search(low)
            or not _ENDED.search(text)
        ):
            return 0.0
        wanted = (
            len(parts) == count,
            _SEEN.search(low) is not None,
            text.strip().endswith("?") == asking or not asking,
        )
        return sum(wanted) / len(wanted) if wanted[1] else 0.0

    return check


TEMPLATES: Mapping[str, Template] = {
    "chosen": chosen,
    "labelled": labelled,
    "hard-odd": odd,
    "reply": reply,
    "hard-speakers": speakers,
    "named": named,
    "between": between,
    "shared": shared,
}
