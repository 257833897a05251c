"""What the simulator says where it has nothing to solve: the truth about itself."""

import re

_GREETING = re.compile(r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|greetings)\b", re.IGNORECASE)
_THANKS = re.compile(r"^\W*(?:thanks|thank you|cheers)\b", re.IGNORECASE)
_WHO = re.compile(
    r"\b(?:who|what) are you\b|\byour name\b|\bwhat can you do\b|\bhelp me\b|\bare you (?:real|an? (?:ai|bot|"
    r"human|model))\b",
    re.IGNORECASE,
)
_ABLE = (
    "I can compute: arithmetic, equations and word problems, dates and units, lists and letters, what a short Python "
    "program prints, well-known programs in several languages, plurals, tenses and spelling, questions about a "
    "passage or "
    "table you give me, and the feeling in a message."
)
_INSTEAD = "Connect a real provider for anything else."


def small_talk(model: str, text: str) -> str:
    """Returns an honest answer to anything."""
    if not text.strip():
        return f"I received no text. {_ABLE}"
    if _GREETING.search(text) and len(text) < 60:
        return f"Hello! I am {model}, a simulated model. {_ABLE} {_INSTEAD}"
    if _THANKS.search(text) and len(text) < 60:
        return "You are welcome."
    if _WHO.search(text) and len(text) < 120:
        return f"I am {model}, a simulated model: no language model is behind me. {_ABLE} {_INSTEAD}"
    about = " ".join(text.split())
    about = about if len(about) <= 80 else f"{about[:77]}..."
    return f"I am a simulated model and have no solver for “{about}”. {_ABLE} {_INSTEAD}"
