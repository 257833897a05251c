"""Answers to prompts that no solver can answer: they describe the simulator."""

from ymera_simulator.solvers.question import LONGEST, words_of

_ABLE = (
    "I can compute: arithmetic, equations and sequences, dates and units, lists and letters, what a short Python "
    "program prints, plurals and past tenses, questions about a passage or table you give me, and the feeling in a "
    "message."
)
_INSTEAD = "Connect a real provider for anything else."
_GREETINGS = frozenset({"hi", "hello", "hey", "greetings"})


def small_talk(model: str, text: str) -> str:
    """Returns an answer to a text that no solver can answer."""
    if not text.strip():
        return f"I received no text. {_ABLE}"
    words = words_of(text[:200])
    first = words[0] if words else ""
    if first in _GREETINGS and len(text) < 60:
        return f"Hello! I am {model}, a simulated model. {_ABLE} {_INSTEAD}"
    return f"I am a simulated model and have no solver for “{_shortened(text)}”. {_ABLE} {_INSTEAD}"


def _shortened(text: str) -> str:
    about = " ".join(text[:400].split())
    read = f" (I read the first {LONGEST} characters only)" if len(text) > LONGEST else ""
    return (about if len(about) <= 80 else f"{about[:77]}...") + read
