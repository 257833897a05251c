"""What somebody feels, from their words; and an answer that takes it seriously."""

import re
from collections.abc import Mapping, Sequence

from ymera_simulator.solvers.moods import LIKE, MOODS, NEARBY
from ymera_simulator.solvers.question import Question, Solution

_QUOTED = re.compile(
    r"\"([^\"]{12,})\"|(?:^|\n)(?:>|message:|text:)\s*([^\n]{12,})|(?<!\w)'([^\n]{12,})'(?!\w)", re.IGNORECASE
)
_OPTIONS = re.compile(
    r"(?:from|of|options?(?: are)?|choose(?: from)?|one of|list|these|between|choices?|emotions?|feelings?|"
    r"labels?)[^:\n]{0,60}:\s*([a-z][a-z]+(?:\s*[,/|;]\s*(?:or |and )?[a-z]+|\s+or [a-z]+)+)",
    re.IGNORECASE,
)
_INLINE_OPTIONS = re.compile(r"\b([a-z]{3,}(?:, [a-z]{3,}){1,},? (?:or|and) [a-z]{3,})", re.IGNORECASE)
_IDENTIFY = re.compile(
    r"\b(?:which|what|identify|name|classify|label|choose|pick|detect|select)\b[^\n]*?\b(?:emotions?|feelings?|"
    r"mood|feels?|feeling)\b|\b(?:emotion|feeling|mood)s?\b[^\n]*\?|how (?:does|do|is) (?:the |this )?(?:\w+ "
    r"){0,2}(?:feel|feeling)",
    re.IGNORECASE,
)
_ABOUT_ONESELF = re.compile(r"\b(?:i|i'm|i've|my)\b", re.IGNORECASE)
_GIVES_ORDERS = re.compile(
    r"^\W*(?:you are|imagine|please|write|rewrite|roleplay|act as|translate|can you (?!help)|what (?:is|are|"
    r"would)|since)\b|```|;$",
    re.IGNORECASE | re.MULTILINE,
)
_LONGEST_OPENING = 2000
_REPLY = re.compile(r"\b(?:reply|respond|answer|write|comfort|console|support|say)\b", re.IGNORECASE)


def solve_feelings(question: Question) -> Solution | None:
    """Names the feeling, out of a list where there is one, or answers the person."""
    if (lettered := _lettered(question.text)) is not None:
        return lettered
    message = _message(question.text)
    wants_reply = _REPLY.search(question.text) and re.search(
        r"\b(?:supportive|empath\w+|comfort\w*|kind\w*|friend|caring|compassion\w*|sentences?)\b", question.lower
    )
    if _IDENTIFY.search(question.text.replace(message, " ")) and not (wants_reply and "sentence" in question.lower):
        return _named(question.text.replace(message, " "), message)
    if wants_reply or _opens_up(question.text):
        return _answered(message, question)
    return None


def _lettered(text: str) -> Solution | None:
    """Answers which of several lettered messages shows a mood."""
    lines = re.findall(r"^\s*\(?([A-H1-9])[:.)]\s+(\S[^\n]{8,})$", text, re.MULTILINE)
    asked = re.search(
        r"(?:which|what)\b[^\n?]*\b(?:shows?|expresses|express|displays?|conveys?|is about|sounds?|"
        r"contains?)\b\s+(?:the most |most )?([a-z]+)",
        text.lower(),
    )
    if len(lines) < 2 or asked is None:
        return None
    mood = asked[1]
    ranked = sorted(lines, key=lambda line: -_score(mood, scored(line[1])))
    return Solution(ranked[0][0], ranked[1][0]) if _score(mood, scored(ranked[0][1])) else None


def _message(text: str) -> str:
    quoted = [next(filter(None, groups)) for groups in _QUOTED.findall(text)]
    return max(quoted, key=len) if quoted else text


def _opens_up(text: str) -> bool:
    if len(text) > _LONGEST_OPENING or _GIVES_ORDERS.search(text) or not _ABOUT_ONESELF.search(text):
        return False
    return max(scored(text).values(), default=0) >= 2


def scored(text: str) -> Mapping[str, float]:
    """Returns mood → how much of the text's wording speaks for it."""
    low = re.sub(r"\s+", " ", text.lower())
    found: dict[str, float] = {}
    for mood, (strong, weak) in MOODS.items():
        score = 3.0 * len(_hits(strong, low)) + 1.0 * len(_hits(weak, low))
        if score:
            found[mood] = score
    return found


def _hits(pattern: re.Pattern[str], text: str) -> list[str]:
    matches = (match for match in pattern.finditer(text))
    return [
        match[0]
        for match in matches
        if not re.search(
            r"\b(?:not|never|isn't|wasn't|don't|didn't|no longer|aren't|hardly) (?:\w+ )?$", text[: match.start()]
        )
    ]


def _named(around: str, message: str) -> Solution | None:
    options = _options(around)
    scores = scored(message)
    if not options:
        if not scores:
            return None
        best = max(scores, key=lambda mood: scores[mood])
        return Solution(best, NEARBY.get(best, "boredom"))
    ranked = sorted(options, key=lambda option: -_score(option, scores))
    if not _score(ranked[0], scores):
        return None
    return Solution(ranked[0], ranked[1])


def _options(text: str) -> list[str]:
    found = _OPTIONS.search(text) or _INLINE_OPTIONS.search(text)
    if found is None:
        return []
    return [part for part in re.split(r"\s*[,/|;]\s*(?:or |and )?|\s+(?:or|and) ", found[1]) if part]


def _score(option: str, scores: Mapping[str, float]) -> float:
    mood = _mood_of(option.lower())
    related = sum(scores.get(other, 0.0) for other in _relatives(mood))
    return scores.get(mood, 0.0) + 0.45 * related


def _mood_of(word: str) -> str:
    return next((mood for mood, words in LIKE.items() if word in words or word == mood), word)


def _relatives(mood: str) -> Sequence[str]:
    near = {
        "sadness": ("grief", "loneliness", "disappointment"),
        "grief": ("sadness",),
        "loneliness": ("sadness",),
        "joy": ("pride", "excitement", "relief"),
        "excitement": ("joy",),
        "pride": ("joy",),
        "fear": ("anxiety",),
        "anxiety": ("fear", "overwhelm"),
        "anger": ("frustration", "jealousy"),
        "frustration": ("anger",),
        "disappointment": ("sadness",),
        "guilt": ("shame",),
        "shame": ("guilt",),
        "overwhelm": ("anxiety",),
    }
    return near.get(mood, ())


def _answered(message: str, question: Question) -> Solution | None:
    scores = scored(message)
    if not scores:
        return None
    mood = max(scores, key=lambda each: scores[each])
    glad = mood in {"joy", "pride", "excitement", "relief", "gratitude", "hope", "love"}
    about = _own_words(message)
    opening = f"It sounds like you are feeling a lot of {mood} right now"
    opening += f", with what you told me: “{about}”." if about else "."
    middle = (
        "That is lovely to hear, and you have every reason to enjoy it."
        if glad
        else "That makes sense, and you do not have to carry it alone."
    )
    end = (
        "What was the best moment of it for you?"
        if glad
        else "Would you like to tell me more about what weighs on you most?"
    )
    sentences = _as_many([opening, middle, end], question)
    wrong = NEARBY.get(mood, "boredom")
    careless = (
        f"You seem to feel {wrong}. Cheer up, it could be worse."
        if not glad
        else f"You seem to feel {wrong}. You should not make so much of it."
    )
    return Solution(" ".join(sentences), careless)


def _as_many(sentences: list[str], question: Question) -> list[str]:
    counts = {"one": 1, "two": 2, "three": 3, "four": 4, "1": 1, "2": 2, "3": 3, "4": 4}
    asked = re.search(r"\b(one|two|three|four|[1-4])(?: short| to \w+| or \w+)? sentences?\b", question.lower)
    count = counts[asked[1]] if asked else 3
    ends_asking = (
        re.search(r"\b(?:end|finish|close|conclude)\w*\b[^.\n]*\bquestion\b|\bquestion\b[^.\n]*\bend\b", question.lower)
        is not None
    )
    if count == 1:
        return [f"{sentences[0].rstrip('.')}, is there anything I can do?"] if ends_asking else sentences[:1]
    if count == 2:
        return [sentences[0], sentences[2] if ends_asking else sentences[1]]
    return [*sentences[:2], "Thank you for saying it out loud.", sentences[2]] if count == 4 else sentences


def _own_words(message: str) -> str:
    sentences = re.split(r"(?<=[.!?])\s+", message.strip())
    told = next((each for each in sentences if _ABOUT_ONESELF.search(each)), sentences[0])
    return told.rstrip(".!?")[:120]
