"""What can be learnt from of a request, without its text.

Words are kept as the set of buckets, of `BUCKETS`, that they fall into by their hash: enough to find similar requests,
and each bucket stands for many words.
"""

from dataclasses import dataclass
from functools import cache
from math import log1p
from zlib import crc32

import orjson
import structlog
from pydantic import TypeAdapter

from ymera_service.routing.prompts.estimate import Needs
from ymera_service.routing.prompts.reading import STEPS, MergedReading
from ymera_service.routing.prompts.vectors import packed
from ymera_service.sdk.content import last_user_text
from ymera_service.sdk.generation import Prompt

VERSION = 2
"""Counted up with every change of what a figure means; features of different versions are not compared."""
BUCKETS = 1024
MOST_BUCKETS = 128
"""Buckets of one request: the lowest ones, which are those of the same words in every request."""
HEAD, TAIL = 1_000, 500
"""Characters at the beginning and at the end of a long text whose words are read."""
MANY_WORDS, MANY_STEPS = 400, 40
"""What counts as a whole, for complexity."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Features:
    """Features of one request.

    Attributes:
        version: See `VERSION`.
        categories: Category → probability.
        emotions: Emotion → probability, without unlikely ones; empty where nothing is known of it.
        complexity: How demanding the request is, from 0 to 1. Where no classifier says so: how long the user's last
            message is, and how many lines, numbers and signs between clauses it has, both by the logarithm.
        input_tokens: Of the whole prompt, estimated.
        capabilities: Those that the prompt needs, such as tools and kinds of media.
        words: The buckets of the words of the user's last message, in order.
        vector: What the user's last message means: a signed byte for each figure, the largest of which is 127, in
            base64; empty if no classifier gives one.
        vector_of: Names the classifier of the vector and its version; those of different ones have nothing in common.
    """

    version: int
    categories: dict[str, float]
    emotions: dict[str, float]
    complexity: float
    input_tokens: int
    capabilities: tuple[str, ...]
    words: tuple[int, ...]
    vector: str = ""
    vector_of: str = ""


def features_of(prompt: Prompt, reading: MergedReading, needs: Needs) -> Features:
    """Returns the features of a prompt, with what was already found out of it."""
    read = _readable(prompt)
    words = read.translate(_WORDS).split()
    return Features(
        version=VERSION,
        categories={category: int(share * STEPS + 0.5) / STEPS for category, share in reading.categories.items()},
        emotions=reading.emotions,
        complexity=_complexity(read, words) if reading.complexity is None else reading.complexity,
        input_tokens=needs.input_tokens,
        capabilities=tuple(sorted(needs.capabilities)),
        words=tuple(sorted({crc32(word) % BUCKETS for word in set(words)})[:MOST_BUCKETS]),
        vector=packed(reading.vector) if reading.vector else "",
        vector_of=reading.vector_of,
    )


def to_json(features: Features) -> bytes:
    """Returns the stored form, of at most about 2 KB and 4 bytes for 3 figures of the vector."""
    return orjson.dumps(features)


def from_json(data: bytes) -> Features | None:
    """Reads the stored form; None if another version of features was stored.

    Raises:
        ValueError: The data is not stored features.
    """
    stored = orjson.loads(data)
    if not isinstance(stored, dict) or stored.get("version") != VERSION:
        return None
    return _features().validate_python(stored)


def readable(data: bytes) -> Features | None:
    """Reads the stored form as `from_json` does; logs what is not valid, and returns None."""
    try:
        return from_json(data)
    except ValueError as error:
        _log.warning("features_not_readable", problem=str(error))
        return None


@cache
def _features() -> TypeAdapter[Features]:
    return TypeAdapter(Features)


_WORDS = bytes(
    byte + 32 if 65 <= byte <= 90 else byte if 97 <= byte <= 122 or 48 <= byte <= 57 or byte >= 128 else 32
    for byte in range(256)
)
"""Makes letters small and separates words; what is not ASCII counts as letters."""
_OTHER_THAN_STEPS = bytes(byte for byte in range(256) if byte not in b"\n,;:?0123456789")


def _readable(prompt: Prompt) -> bytes:
    """Returns what is read of the user's last message."""
    text = last_user_text(prompt.messages)
    if len(text) > HEAD + TAIL:
        text = f"{text[:HEAD]} {text[-TAIL:]}"
    return text.encode("utf-8", "surrogatepass")


def _complexity(read: bytes, words: list[bytes]) -> float:
    steps = len(read.translate(None, _OTHER_THAN_STEPS))
    return int((_share(len(words), MANY_WORDS) + _share(steps, MANY_STEPS)) / 2 * STEPS + 0.5) / STEPS


def _share(count: int, many: int) -> float:
    return min(log1p(count) / log1p(many), 1.0)
