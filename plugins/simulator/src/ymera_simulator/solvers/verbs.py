"""Forms of English verbs."""

import re

from ymera_simulator.wording import listed

_TABLE = """
be was been|become became become|begin began begun|bend bent bent|bet bet bet|bind bound bound|bite bit bitten
bleed bled bled|blow blew blown|break broke broken|bring brought brought|build built built|burst burst burst
buy bought bought|cast cast cast|catch caught caught|choose chose chosen|cling clung clung|come came come
cost cost cost|creep crept crept|cut cut cut|deal dealt dealt|dig dug dug|do did done|draw drew drawn
drink drank drunk|drive drove driven|eat ate eaten|fall fell fallen|feed fed fed|feel felt felt
fight fought fought|find found found|flee fled fled|fling flung flung|fly flew flown|forbid forbade forbidden
forget forgot forgotten|forgive forgave forgiven|freeze froze frozen|get got got|give gave given|go went gone
grind ground ground|grow grew grown|hang hung hung|have had had|hear heard heard|hide hid hidden|hit hit hit
hold held held|hurt hurt hurt|keep kept kept|kneel knelt knelt|know knew known|lay laid laid|lead led led
leave left left|lend lent lent|let let let|lie lay lain|light lit lit|lose lost lost|make made made
mean meant meant|meet met met|pay paid paid|put put put|quit quit quit|read read read|ride rode ridden
ring rang rung|rise rose risen|run ran run|say said said|see saw seen|seek sought sought|sell sold sold
send sent sent|set set set|shake shook shaken|shine shone shone|shoot shot shot|show showed shown
shrink shrank shrunk|shut shut shut|sing sang sung|sink sank sunk|sit sat sat|sleep slept slept|slide slid slid
speak spoke spoken|spend spent spent|spin spun spun|split split split|spread spread spread|spring sprang sprung
stand stood stood|steal stole stolen|stick stuck stuck|sting stung stung|stride strode stridden
strike struck struck|swear swore sworn|sweep swept swept|swim swam swum|swing swung swung|take took taken
teach taught taught|tear tore torn|tell told told|think thought thought|throw threw thrown
understand understood understood|wake woke woken|wear wore worn|weave wove woven|weep wept wept|win won won
wind wound wound|write wrote written|overcome overcame overcome|mistake mistook mistaken
undertake undertook undertaken|withdraw withdrew withdrawn|rebuild rebuilt rebuilt|foresee foresaw foreseen
"""
_FORMS = {
    words[0]: (words[1], words[2]) for row in re.split(r"[|\n]", _TABLE.strip()) if len(words := row.split()) == 3
}
_DOUBLING = frozenset(
    listed(
        "begin forget stop plan drop admit prefer grab chat rob beg hug jog nod rub ship shop skip slip step tap "
        "trap travel "
        "trip wrap hop pat pin clap drag refer occur permit regret commit control submit transfer fit plug scrub "
        "snap stir stun tug whip zip drum"
    )
)


def past(verb: str) -> str:
    """Returns the simple past of a base form."""
    return _FORMS[verb][0] if verb in _FORMS else _regular(verb)


def participle(verb: str) -> str:
    """Returns the past participle of a base form."""
    return _FORMS[verb][1] if verb in _FORMS else _regular(verb)


def base(form: str) -> str:
    """Returns the base form of a third person or base form."""
    if form in {"is", "are", "am"}:
        return "be"
    if form == "has":
        return "have"
    if form in _FORMS or not form.endswith("s") or form.endswith("ss"):
        return form
    if re.search(r"[^aeiou]ies$", form) and len(form) > 4:
        return f"{form[:-3]}y"
    return form[:-2] if re.search(r"(?:ss|x|z|ch|sh|o)es$", form) else form[:-1]


def third_person(verb: str) -> str:
    """Returns the form that goes with he, she and it."""
    if verb in {"be", "have"}:
        return {"be": "is", "have": "has"}[verb]
    if re.search(r"[^aeiou]y$", verb):
        return f"{verb[:-1]}ies"
    return f"{verb}es" if re.search(r"(?:s|x|z|ch|sh|o)$", verb) else f"{verb}s"


def base_of_past(form: str) -> str:
    """Returns the base form of a simple past or participle."""
    found = next((verb for verb, forms in _FORMS.items() if form in forms), None)
    if found or not form.endswith("ed"):
        return found or form
    stem = form[:-2]
    if stem.endswith("i"):
        return f"{stem[:-1]}y"
    if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in "sl":
        return stem[:-1]
    needs_e = (
        re.search(r"(?:[aeiou][cgsvz]|[^aeiou][aeiou][tkbdlmpr]|[^aeiou]l|rg|nc|dg|u)$", stem) and stem not in _DOUBLING
    )
    return f"{stem}e" if needs_e and not re.search(r"(?:ai|ea|ee|oo|ou|oa|er|en|it|on|or|el|ow)[a-z]?$", stem) else stem


def _regular(verb: str) -> str:
    if verb.endswith("e"):
        return f"{verb}d"
    if re.search(r"[^aeiou]y$", verb):
        return f"{verb[:-1]}ied"
    if verb.endswith("c"):
        return f"{verb}ked"
    if verb in _DOUBLING or re.fullmatch(r"[^aeiou]*[aeiou][bdglmnprt]", verb):
        return f"{verb}{verb[-1]}ed"
    return f"{verb}ed"


def progressive(verb: str) -> str:
    """Returns the form in -ing."""
    if verb.endswith("ie"):
        return f"{verb[:-2]}ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return f"{verb[:-1]}ing"
    regular = _regular(verb)
    return f"{verb}ing" if regular.endswith("ied") or verb.endswith("e") else f"{regular[:-2]}ing"
