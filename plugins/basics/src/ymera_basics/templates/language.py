"""Language: forms of words, spelling, letters, transformed sentences."""

import random
from collections.abc import Mapping

from ymera_basics.task import Draft, Template
from ymera_basics.templates.phrases import number_question, word_question
from ymera_service.sdk.grading import amounts, checks, words
from ymera_service.sdk.grading.wording import listed

_PLURALS = dict(
    pair.split(":")
    for pair in listed(
        "child:children mouse:mice leaf:leaves city:cities knife:knives tooth:teeth foot:feet box:boxes "
        "hero:heroes baby:babies "
        "wolf:wolves church:churches man:men goose:geese party:parties shelf:shelves potato:potatoes "
        "crisis:crises brush:brushes "
        "sheep:sheep day:days ox:oxen key:keys thief:thieves criterion:criteria"
    )
)
_PASTS = dict(
    pair.split(":")
    for pair in listed(
        "go:went write:wrote bring:brought teach:taught swim:swam catch:caught begin:began drive:drove "
        "think:thought stop:stopped "
        "carry:carried fly:flew choose:chose plan:planned freeze:froze try:tried hide:hid buy:bought "
        "dance:danced speak:spoke "
        "grow:grew wear:wore sleep:slept cut:cut play:played"
    )
)
_MISSPELLED = dict(
    pair.split(":")
    for pair in listed(
        "recieve:receive definately:definitely seperate:separate occured:occurred untill:until wich:which "
        "tommorow:tomorrow "
        "goverment:government enviroment:environment begining:beginning beleive:believe calender:calendar "
        "neccessary:necessary "
        "accomodate:accommodate adress:address freind:friend wierd:weird libary:library suprise:surprise "
        "buisness:business "
        "embarass:embarrass knowlege:knowledge"
    )
)
_SENTENCES = (
    ("The teacher", "is", "writing a letter", "The teacher is writing a letter."),
    ("They", "were", "waiting at the station", ""),
    ("She", "can", "play the violin", ""),
    ("The shops", "are", "open on Sunday", ""),
    ("He", "has", "finished the report", ""),
    ("Your brother", "will", "arrive in the morning", ""),
    ("The children", "should", "wear a coat", ""),
)
_ACTIVE = (
    ("The dog", "chased", "the ball", "was chased"),
    ("The chef", "cooked", "the soup", "was cooked"),
    ("My sister", "painted", "the fence", "was painted"),
    ("The storm", "destroyed", "the bridge", "was destroyed"),
    ("The mayor", "opened", "the museums", "were opened"),
    ("A student", "wrote", "the poem", "was written"),
    ("The company", "built", "the houses", "were built"),
    ("Two thieves", "stole", "the car", "was stolen"),
)
_WORDS = listed(
    "strawberry lighthouse elephant committee parallel umbrella mississippi notebook engineering bottleneck balloon"
)
_HIDDEN = listed("river stone cloud heart light dream music ocean")
_LINE_STARTS = {
    "r": "Rain falls on the roof",
    "i": "In the evening we walk",
    "v": "Voices carry over the water",
    "e": "Every window is open",
    "s": "Slowly the day ends",
    "t": "Trees bend in the wind",
    "o": "Over the hill comes a bell",
    "n": "Nobody speaks for a while",
    "c": "Candles burn on the table",
    "l": "Leaves gather at the door",
    "u": "Under the bridge it is cool",
    "d": "Dogs sleep in the shade",
    "h": "Half the moon is showing",
    "a": "All the boats are home",
    "g": "Gulls circle the harbour",
    "m": "Morning comes too soon",
}
_NOUNS = dict(
    pair.split(":")
    for pair in listed(
        "apple:an hour:an university:a umbrella:an European:a honest:an bicycle:a egg:an one-way:a orange:an "
        "house:a useful:a MRI:an"
    )
)


def plural(draw: random.Random) -> Draft:
    """A plural, irregular ones too."""
    noun = draw.choice(sorted(_PLURALS))
    question = draw.choice(
        (
            f'What is the plural of "{noun}"?',
            f"Give the plural form of the noun '{noun}'.",
            f"Write the word '{noun}' in the plural.",
        )
    )
    return Draft(word_question(draw, question), words.word(_PLURALS[noun]), _PLURALS[noun])


def past(draw: random.Random) -> Draft:
    """A simple past, irregular ones too."""
    verb = draw.choice(sorted(_PASTS))
    question = draw.choice(
        (
            f'What is the simple past of "{verb}"?',
            f"Give the past tense of the verb '{verb}'.",
            f'Put the verb "{verb}" into the simple past.',
        )
    )
    return Draft(word_question(draw, question), words.word(_PASTS[verb]), _PASTS[verb])


def spelling(draw: random.Random) -> Draft:
    """A misspelled word to correct."""
    wrong = draw.choice(sorted(_MISSPELLED))
    question = draw.choice(
        (
            f'Correct the spelling of "{wrong}".',
            f"The word '{wrong}' is misspelled. How is it spelled correctly?",
            f'Fix the spelling mistake: "{wrong}".',
        )
    )
    return Draft(word_question(draw, question), words.choice(_MISSPELLED[wrong], [wrong]), _MISSPELLED[wrong])


def spotted(draw: random.Random) -> Draft:
    """The one misspelled word of several."""
    wrong = draw.choice(sorted(_MISSPELLED))
    others = draw.sample(
        ["mountain", "question", "science", "chocolate", "different", "important", "language", "remember"], 4
    )
    offered = draw.sample([wrong, *others], 5)
    asked = f"Which of these words is misspelled: {', '.join(offered)}?"
    question = f"{asked} Answer with the word as it stands in the list."
    return Draft(question, words.choice(wrong, others), wrong)


def question_form(draw: random.Random) -> Draft:
    """A statement to turn into a question."""
    subject, verb, rest, _ = draw.choice(_SENTENCES)
    lowered = subject[0].lower() + subject[1:]
    answer = f"{verb.title()} {lowered} {rest}?"
    question = draw.choice(("Turn this sentence into a yes-or-no question", "Rewrite this sentence as a question"))
    return Draft(
        f'{question}: "{subject} {verb} {rest}." Answer with the question only.', checks.exactly(answer), answer
    )


def passive(draw: random.Random) -> Draft:
    """An active sentence to turn into a passive one."""
    subject, verb, what, turned = draw.choice(_ACTIVE)
    lowered = subject[0].lower() + subject[1:]
    answer = f"{what[0].upper()}{what[1:]} {turned} by {lowered}."
    question = draw.choice(("Rewrite this sentence in the passive voice", "Put this sentence into the passive"))
    return Draft(
        f'{question}: "{subject} {verb} {what}." Answer with the sentence only.', checks.exactly(answer), answer
    )


def letters(draw: random.Random) -> Draft:
    """Letters counted."""
    word = draw.choice(_WORDS)
    letter = draw.choice(sorted(set(word)))
    vowels = sum(each in "aeiou" for each in word)
    question, value = draw.choice(
        (
            (f'How many times does the letter "{letter}" occur in the word "{word}"?', word.count(letter)),
            (f'How many vowels are in the word "{word}"?', vowels),
        )
    )
    return Draft(number_question(draw, question), amounts.number(value), str(value))


def acrostic(draw: random.Random) -> Draft:
    """The word that the first letters of lines spell."""
    word = draw.choice([each for each in _HIDDEN if set(each) <= _LINE_STARTS.keys()])
    poem = "\n".join(_LINE_STARTS[letter] for letter in word)
    question = f"Which word do the first letters of these lines spell?\n\n{poem}\n\nAnswer with the word only."
    return Draft(question, words.word(word), word.upper())


def reversal(draw: random.Random) -> Draft:
    """A word backwards, or words in reverse order."""
    if draw.random() < 0.5:
        word = draw.choice(_WORDS)
        question = draw.choice((f'Write the word "{word}" backwards.', f'Spell "{word}" in reverse.'))
        return Draft(f"{question} Answer with the result only.", checks.exactly(word[::-1]), word[::-1])
    given = draw.sample(_HIDDEN, 5)
    text = " ".join(given)
    return Draft(
        f'Reverse the order of the words in "{text}". Answer with the words only.',
        checks.sequence(given[::-1], partial=False),
        " ".join(given[::-1]),
    )


def article(draw: random.Random) -> Draft:
    """A or an, by sound."""
    noun = draw.choice(sorted(_NOUNS))
    other = "a" if _NOUNS[noun] == "an" else "an"
    question = f'Which indefinite article goes before "{noun}", "a" or "an"? Answer with the article only.'
    return Draft(question, words.choice(_NOUNS[noun], [other]), _NOUNS[noun])


TEMPLATES: Mapping[str, Template] = {
    "plural": plural,
    "past": past,
    "spelling": spelling,
    "question-form": question_form,
    "letters": letters,
    "passive": passive,
    "acrostic": acrostic,
    "spotted": spotted,
    "reversal": reversal,
    "article": article,
}
