"""Forms of English nouns."""

import re

IRREGULAR_PLURALS = {
    "child": "children",
    "man": "men",
    "woman": "women",
    "foot": "feet",
    "tooth": "teeth",
    "goose": "geese",
    "mouse": "mice",
    "louse": "lice",
    "ox": "oxen",
    "person": "people",
    "cactus": "cacti",
    "fungus": "fungi",
    "nucleus": "nuclei",
    "stimulus": "stimuli",
    "alumnus": "alumni",
    "syllabus": "syllabi",
    "criterion": "criteria",
    "phenomenon": "phenomena",
    "bacterium": "bacteria",
    "datum": "data",
    "medium": "media",
    "analysis": "analyses",
    "basis": "bases",
    "crisis": "crises",
    "thesis": "theses",
    "hypothesis": "hypotheses",
    "oasis": "oases",
    "diagnosis": "diagnoses",
    "axis": "axes",
    "appendix": "appendices",
    "index": "indices",
    "matrix": "matrices",
    "vertex": "vertices",
    "leaf": "leaves",
    "knife": "knives",
    "life": "lives",
    "wife": "wives",
    "wolf": "wolves",
    "half": "halves",
    "shelf": "shelves",
    "thief": "thieves",
    "loaf": "loaves",
    "calf": "calves",
    "elf": "elves",
    "self": "selves",
    "scarf": "scarves",
    "hoof": "hooves",
    "sheaf": "sheaves",
    "potato": "potatoes",
    "tomato": "tomatoes",
    "hero": "heroes",
    "echo": "echoes",
    "torpedo": "torpedoes",
    "veto": "vetoes",
    "mosquito": "mosquitoes",
    "volcano": "volcanoes",
    "tornado": "tornadoes",
    "mango": "mangoes",
    "cargo": "cargoes",
    "buffalo": "buffaloes",
    "quiz": "quizzes",
    "die": "dice",
    "penny": "pennies",
    "larva": "larvae",
    "alga": "algae",
    "antenna": "antennae",
    "passerby": "passersby",
    "sheep": "sheep",
    "deer": "deer",
    "fish": "fish",
    "series": "series",
    "species": "species",
    "aircraft": "aircraft",
    "moose": "moose",
    "salmon": "salmon",
    "offspring": "offspring",
    "bison": "bison",
    "swine": "swine",
    "trout": "trout",
    "spacecraft": "spacecraft",
    "shrimp": "shrimp",
    "bus": "buses",
    "gas": "gases",
}
_IRREGULAR_SINGULARS = {plural: noun for noun, plural in IRREGULAR_PLURALS.items()}
_PERSON = re.compile(r"(?:police|fire|sales|business|post|fisher|snow|door|space|crafts|wo)?man")


def plural(noun: str) -> str:
    """Returns the plural of a lower-case noun."""
    if noun in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[noun]
    if _PERSON.fullmatch(noun):
        return f"{noun[:-2]}en"
    if re.search(r"[^aeiou]y$", noun):
        return f"{noun[:-1]}ies"
    if re.search(r"(?:s|x|z|ch|sh)$", noun):
        return f"{noun}es"
    return f"{noun}s"


def singular(noun: str) -> str:
    """Returns the singular of a lower-case noun, or the word itself."""
    if noun in _IRREGULAR_SINGULARS:
        return _IRREGULAR_SINGULARS[noun]
    if re.search(r"[^aeiou]ies$", noun) and len(noun) > 4:
        return f"{noun[:-3]}y"
    if re.search(r"(?:ss|x|z|ch|sh)es$", noun):
        return noun[:-2]
    if noun.endswith("s") and not noun.endswith(("ss", "us", "is")) and len(noun) > 2:
        return noun[:-1]
    return noun
