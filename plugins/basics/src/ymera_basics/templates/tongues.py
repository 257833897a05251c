"""Other languages: their numbers and dates, questions asked in them, and ciphers over letters."""

import datetime
import random
from collections.abc import Mapping, Sequence

from ymera_basics.task import Draft, Template
from ymera_service.sdk.grading import amounts, checks, words
from ymera_service.sdk.grading.wording import listed

_GERMAN = listed("null ein zwei drei vier fünf sechs sieben acht neun")
_GERMAN_TENS = listed("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")
_SPANISH = listed("cero uno dos tres cuatro cinco seis siete ocho nueve")
_SPANISH_TENS = listed("treinta cuarenta cincuenta sesenta setenta ochenta noventa")
_SPANISH_HUNDREDS = listed(
    "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos"
)
_MONTHS: Mapping[str, Sequence[str]] = {
    "German": listed("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
    "French": listed("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
    "Spanish": listed("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
    "Polish": listed(
        "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia"
    ),
}
_ASKED = (
    (
        "Heute ist {today}. Welcher Wochentag ist in {days} Tagen? Antworte auf Deutsch mit einem Wort.",
        listed("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag"),
    ),
    (
        "Nous sommes {today}. Quel jour serons-nous dans {days} jours ? Réponds en français par un seul mot.",
        listed("lundi mardi mercredi jeudi vendredi samedi dimanche"),
    ),
    (
        "Hoy es {today}. ¿Qué día de la semana será dentro de {days} días? Responde en español con una sola palabra.",
        listed("lunes martes miércoles jueves viernes sábado domingo"),
    ),
)
_WORDS = listed("lantern harbor meadow window ribbon candle marble violet signal orchard")


def _german(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    below = f"{_GERMAN[ones]}und{_GERMAN_TENS[tens - 2]}" if ones else _GERMAN_TENS[tens - 2]
    return f"{_GERMAN[hundreds]}hundert{below}"


def _spanish(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    below = f"{_SPANISH_TENS[tens - 3]} y {_SPANISH[ones]}" if ones else _SPANISH_TENS[tens - 3]
    return f"{_SPANISH_HUNDREDS[hundreds - 1]} {below}"


def numerals(draw: random.Random) -> Draft:
    """The sum of a German and a Spanish number."""
    one, other = (draw.randint(1, 9) * 100 + draw.randint(31, 99) for _ in range(2))
    told = f'"{_german(one)}" (German) and "{_spanish(other)}" (Spanish)'
    question = f"What is the sum of the numbers {told}? Answer with the number in digits only."
    return Draft(question, amounts.number(one + other), str(one + other))


def spelled(draw: random.Random) -> Draft:
    """A result in words of another language."""
    value = draw.randint(2, 9) * 100 + draw.randint(31, 99)
    part = draw.randint(11, value - 11)
    language, right = draw.choice((("German", _german(value)), ("Spanish", _spanish(value))))
    question = (
        f"Write the sum of {part} and {value - part} in {language} words, in lower case. Answer with the words only."
    )
    return Draft(question, checks.exactly(right), right)


def foreign_dates(draw: random.Random) -> Draft:
    """A date written in another language, moved by some days."""
    start = datetime.date(draw.randint(1950, 2030), draw.randint(1, 12), draw.randint(1, 28))
    days = draw.randint(20, 90)
    language = draw.choice(sorted(_MONTHS))
    end = start + datetime.timedelta(days)
    written = f"{start.day} {_MONTHS[language][start.month - 1]} {start.year}"
    question = f'Which date is {days} days after "{written}" ({language})? Answer as YYYY-MM-DD.'
    return Draft(question, amounts.date(end.year, end.month, end.day), end.isoformat())


def answered(draw: random.Random) -> Draft:
    """A question in another language, to be answered in it."""
    asked, days = draw.choice(_ASKED)
    today, later = draw.randrange(7), draw.randint(20, 200)
    right = days[(today + later) % 7]
    return Draft(asked.format(today=days[today], days=later), words.choice(right, days), right)


def cipher(draw: random.Random) -> Draft:
    """A word whose letters are shifted, to be read back."""
    word, shift = draw.choice(_WORDS), draw.randint(2, 12)
    hidden = "".join(chr((ord(each) - 97 + shift) % 26 + 97) for each in word)
    moved = f"Each letter of an English word was moved {shift} places forward in the alphabet (z is followed by a)"
    question = f'{moved}: "{hidden}". Which word was it? Answer with the word only.'
    return Draft(question, words.word(word), word)


TEMPLATES: Mapping[str, Template] = {
    "hard-numerals": numerals,
    "hard-dates": foreign_dates,
    "hard-answered": answered,
    "hard-spelled": spelled,
    "hard-cipher": cipher,
}
