"""Numbers and times in the words of German, Italian, Spanish and French."""

import random
from collections.abc import Mapping

from ymera_demanding.task import Draft, Template, listing, numeric, textual
from ymera_service.sdk.grading import amounts

_GERMAN = (
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn"
).split()


_GERMAN_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()


_FRENCH = (
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf"
).split()


_ITALIAN = (
    "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove"
).split()


_ITALIAN_TENS = "venti trenta quaranta cinquanta sessanta settanta ottanta novanta".split()


_SPANISH = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte "
    "veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve"
).split()


_SPANISH_TENS = "treinta cuarenta cincuenta sesenta setenta ochenta noventa".split()


_SPANISH_HUNDREDS = (
    "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos".split()
)


def german(number: int) -> str:
    """Returns a number from 1 to 9,999 in German."""
    if number >= 1_000:
        thousands, rest = divmod(number, 1_000)
        return f"{_GERMAN[thousands].removesuffix('s') if thousands == 1 else _GERMAN[thousands]}tausend{german(rest) if rest else ''}"
    if number >= 100:
        hundreds, rest = divmod(number, 100)
        return f"{'ein' if hundreds == 1 else _GERMAN[hundreds]}hundert{german(rest) if rest else ''}"
    if number < 20:
        return _GERMAN[number]
    tens, ones = divmod(number, 10)
    return f"{('ein' if ones == 1 else _GERMAN[ones]) + 'und' if ones else ''}{_GERMAN_TENS[tens - 2]}"


def italian(number: int) -> str:
    """Returns a number from 1 to 999 in Italian."""
    if number >= 100:
        hundreds, rest = divmod(number, 100)
        return f"{'' if hundreds == 1 else _ITALIAN[hundreds]}cento{italian(rest) if rest else ''}"
    if number < 20:
        return _ITALIAN[number]
    tens, ones = divmod(number, 10)
    stem = _ITALIAN_TENS[tens - 2]
    if ones in (1, 8):
        stem = stem[:-1]
    return stem + ({3: "tré"}.get(ones, _ITALIAN[ones]) if ones else "")


def spanish(number: int) -> str:
    """Returns a number from 1 to 999 in Spanish."""
    if number == 100:
        return "cien"
    if number > 100:
        hundreds, rest = divmod(number, 100)
        return f"{_SPANISH_HUNDREDS[hundreds - 1]}{f' {spanish(rest)}' if rest else ''}"
    if number < 30:
        return _SPANISH[number]
    tens, ones = divmod(number, 10)
    return _SPANISH_TENS[tens - 3] + (f" y {_SPANISH[ones]}" if ones else "")


def french(number: int) -> str:
    """Returns a number from 1 to 99 in French, as in France."""
    if number < 20:
        return _FRENCH[number]
    if number >= 80:
        return "quatre-vingts" if number == 80 else f"quatre-vingt-{french(number - 80)}"
    if number >= 60:
        rest = number - 60
        return (
            "soixante"
            if not rest
            else f"soixante et {'un' if rest == 1 else 'onze'}"
            if rest in (1, 11)
            else f"soixante-{french(rest)}"
        )
    tens, ones = divmod(number, 10)
    stem = ("vingt", "trente", "quarante", "cinquante")[tens - 2]
    return stem if not ones else f"{stem} et un" if ones == 1 else f"{stem}-{_FRENCH[ones]}"


def german_numbers(draw: random.Random) -> Draft:
    """A sum to be written in German words."""
    one, other = draw.randint(1_100, 4_900), draw.randint(210, 4_900)
    ask = f"Berechne {german(one)} minus {german(other)} plus {german(2_000)} und schreibe das Ergebnis als deutsches Zahlwort in einem Wort."
    return textual(ask, german(abs(one - other + 2_000)) if one - other + 2_000 > 0 else "null", "Wort")


def italian_numbers(draw: random.Random) -> Draft:
    """A product to be written in Italian words."""
    one, other = draw.randint(13, 31), draw.randint(7, 29)
    return textual(
        f"Quanto fa {italian(one)} per {italian(other)}? Scrivi il risultato in lettere, in una parola sola.",
        italian(one * other),
        "parola",
    )


def spanish_numbers(draw: random.Random) -> Draft:
    """A sum to be written in Spanish words."""
    one, other = draw.randint(101, 480), draw.randint(101, 480)
    return textual(
        f"¿Cuánto es {spanish(one)} más {spanish(other)}? Escribe el resultado con palabras.",
        spanish(one + other),
        "palabras",
    )


def french_numbers(draw: random.Random) -> Draft:
    """A difference to be written in French words."""
    one, other = draw.randint(70, 99), draw.randint(1, 29)
    ask = f"Combien font {french(one)} moins {french(other)} ? Écris le résultat en toutes lettres, comme en France, sans la réforme de 1990."
    return textual(ask, french(one - other), "nombre")


def mixed_numbers(draw: random.Random) -> Draft:
    """Numbers in four languages, to be sorted."""
    numbers = draw.sample(range(21, 99), 8)
    ways = [german, french, italian, spanish]
    said = {way(number): number for number, way in zip(numbers, ways * 2, strict=True)}
    if len(said) < 8:
        return mixed_numbers(draw)
    order = sorted(said, key=lambda each: said[each])
    given = ", ".join(draw.sample(order, len(order)))
    return listing(
        f"Sort these German, French, Italian and Spanish numbers by their value, the smallest first: {given}.", order
    )


def digits_in_words(draw: random.Random) -> Draft:
    """Letters of numbers in words."""
    number, letter = draw.randint(1_100, 9_999), draw.choice("einr")
    return numeric(
        f'How often does the letter "{letter}" occur in the German word for {number} (written as one word)?',
        german(number).count(letter),
    )


def german_clock(draw: random.Random) -> Draft:
    """Times of day as Germans say them."""
    hour, late, minutes = draw.randint(1, 10), draw.choice((True, False)), draw.randint(35, 170)
    said, at = draw.choice(
        (
            (f"halb {german(hour + 1)}", hour * 60 + 30),
            (f"viertel vor {german(hour + 1)}", hour * 60 + 45),
            (f"fünf vor halb {german(hour + 1)}", hour * 60 + 25),
            (f"zehn nach halb {german(hour + 1)}", hour * 60 + 40),
        )
    )
    at += 720 * late
    there = (at + minutes) % 1_440
    question = f"Es ist {said} {'am Nachmittag oder Abend' if late else 'in der Nacht oder am Vormittag'}. Wie spät ist es {german(minutes)} Minuten später? "
    form = "Antworte in der Form HH:MM, mit 24 Stunden."
    return Draft(
        f"{question}{form}", {"answer": amounts.clock(*divmod(there, 60))}, f"{there // 60:02d}:{there % 60:02d}"
    )


def spanish_problem(draw: random.Random) -> Draft:
    """A problem of several steps in Spanish, with numbers in words."""
    boxes, each, broken, friends = draw.randint(12, 29), draw.randint(14, 38), draw.randint(21, 99), draw.randint(3, 7)
    total = boxes * each - broken
    left = total % friends
    ask = (
        f"Marta compra {spanish(boxes)} cajas con {spanish(each)} vasos cada una. Se rompen {spanish(broken)} vasos. Los demás se reparten entre "
        f"{spanish(friends)} amigos, todos los mismos y tantos como sea posible. ¿Cuántos vasos recibe cada amigo, más los que sobran en total?"
    )
    return numeric(ask, total // friends + left, "número")


TEMPLATES: Mapping[str, Template] = {
    each.__name__: each
    for each in (
        german_numbers, italian_numbers, spanish_numbers, french_numbers, mixed_numbers, digits_in_words, german_clock, spanish_problem,
    )
}  # fmt: skip
