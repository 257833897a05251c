"""Which feeling a message shows, and a short reply to it."""

import re

from ymera_simulator.solvers.question import Question, Solution

_CUES = {
    "grief": "passed away|funeral|died|buried|mourn|without him|without her|say goodbye|gone forever",
    "sadness": "sad|heartbroken|crying|tears|miserable|depressed|broke up|moved away|miss ",
    "loneliness": "lonely|alone|by myself|nobody|no one|not a single person|somebody to talk|left out",
    "anger": "angry|furious|outrageous|how dare|lied|seething|yelled|took credit|unfair|mad at",
    "frustration": "frustrat|fed up|stuck|over and over|every single time|still does not work|tried everything|on hold",
    "fear": "afraid|scared|terrified|footsteps|shaking|hiding|pounding|screamed|frightened",
    "anxiety": "anxious|worried|nervous|what if|go wrong|can't sleep|biting my nails|knots|presentation",
    "joy": "happy|smiling|laughed|best day|over the moon|wonderful|delighted|married|said yes",
    "pride": "proud|my own hands|graduate|finished my first|achieved|i did it|promoted|won first",
    "excitement": "excited|can't wait|counting down|sleeps until|hardly sit still|bags are packed|looking forward",
    "gratitude": "grateful|thank you|thankful|kindness|owe her|owe him|owe you|never forget what|means the world",
    "relief": "relieved|breathe again|weight off|safe and sound|passed after all|phew|came back negative|all clear",
    "disappointment": "disappointed|cancelled|had hoped|hoped so much|looked forward|expected better|let down",
    "guilt": "guilty|my fault|forgive myself|should not have|shouldn't have|never went|regret|sorry that i",
    "jealousy": "jealous|envy|why does she|why does he|should have been me|and not me|than with me|half the effort",
    "disgust": "disgust|stench|cockroach|slime|yuck|rotten|gag|filthy",
    "surprise": "surprise|never expected|out of the blue|can't believe|turned out to be|unexpected",
}
_GLAD = frozenset({"joy", "pride", "excitement", "gratitude", "relief", "surprise"})
_ASKED = re.compile(r"\b(?:emotions?|feelings?|mood|is your friend feeling|feel)\b")
_REPLY = re.compile(r"\bsupportive|\bcomfort|\bempath|\bkind reply\b")
_ONESELF = re.compile(r"\b(?:i|i'm|i've|my)\b")
_ORDER = re.compile(r"\W{0,5}(?:write|explain|tell|translate|give|make|list|what|how|why|can you|please|imagine|act)\b")


def solve_feelings(question: Question) -> Solution | None:
    """Names the feeling, out of a list if one is given, or writes a supportive reply."""
    message = _message(question)
    if _REPLY.search(question.lower):
        return _answered(message)
    if message != question.text and _ASKED.search(question.lower):
        return _named(question.lower.replace(message.lower(), " "), message)
    if _ONESELF.search(question.lower) and not _ORDER.match(question.lower):
        return _answered(message)
    return None


def _message(question: Question) -> str:
    labelled = [line.partition(":")[2] for line in question.text.splitlines() if line.lower().startswith("message:")]
    return max([*labelled, *question.quoted], key=len, default=question.text)


def _strength(feeling: str, message: str) -> int:
    return sum(cue in message.lower() for cue in _CUES[feeling].split("|")) + 2 * (feeling in message.lower())


def _named(around: str, message: str) -> Solution | None:
    options = [each for each in _CUES if re.search(rf"\b{each}\b", around)] or list(_CUES)
    ranked = sorted(options, key=lambda each: -_strength(each, message))
    return Solution(ranked[0], ranked[1]) if len(ranked) > 1 and _strength(ranked[0], message) else None


def _answered(message: str) -> Solution | None:
    ranked = sorted(_CUES, key=lambda each: -_strength(each, message))
    if not _strength(ranked[0], message):
        return None
    middle = "That is lovely to hear." if ranked[0] in _GLAD else "That makes sense, and I am with you in it."
    right = f"It sounds like you feel a lot of {ranked[0]} right now. {middle} Would you like to tell me more?"
    return Solution(right, f"You seem to feel {ranked[1]}. Cheer up, it could be worse.")
