"""The classifier, which judges no category: it gives the vector of the user's last message."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from ymera_encoder.model import Model
from ymera_encoder.tokens import Tokens
from ymera_service.sdk.classifiers import Classifier, Reading
from ymera_service.sdk.content import last_user_text
from ymera_service.sdk.generation import Prompt

VOCABULARY = "vocab.txt"
HEAD, TAIL = 400, 200
"""Characters at the beginning and at the end of a long message that are read,"""
MOST_PIECES = 128
"""and the most pieces of them: a quarter of what the model can take, in a sixth of the time."""
CACHED = 1_000
"""Vectors that are kept, those used last: 1.5 MB."""


class SentenceEncoder(Classifier):
    """Gives the vector of a message, which takes some 20 to 90 ms of a core unless it gave the same one lately."""

    name = "encoder"
    categories: Sequence[str] = ()
    version = "all-minilm-l6-v2"
    off_loop = True

    def __init__(self, folder: Path) -> None:
        """Takes the folder of the model, which is read at the start."""
        self._folder = folder
        self._tokens: Tokens | None = None
        self._model: Model | None = None
        self._limits: threadpool_limits | None = None
        self._vectors: OrderedDict[bytes, Sequence[float]] = OrderedDict()

    async def start(self) -> None:
        """Reads the model, which takes half a second, in a thread, and lets numpy compute without threads of its own.

        Matrices of one message are too small for several threads, which wait for each other in loops: on a machine with
        more to do than cores, a vector took 370 ms of CPU time with them instead of 22.

        Raises:
            OSError: A file can't be read.
            ValueError: A file is not what it should be.
        """
        self._tokens = await asyncio.to_thread(Tokens.load, self._folder / VOCABULARY)
        self._model = await asyncio.to_thread(Model.load, self._folder)
        self._limits = self._limits or threadpool_limits(1, user_api="blas")

    async def close(self) -> None:
        """Frees the memory, and gives numpy its threads back."""
        self._tokens = self._model = None
        if self._limits is not None:
            self._limits.restore_original_limits()
            self._limits = None
        self._vectors.clear()

    def read(self, prompt: Prompt) -> Reading:
        """Returns the vector of the user's last message; without text, that of the marks of its beginning and end."""
        text = last_user_text(prompt.messages)
        tokens, model = self._tokens, self._model
        if tokens is None or model is None:
            return Reading()
        if len(text) > HEAD + TAIL:
            text = f"{text[:HEAD]} {text[-TAIL:]}"
        key = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        vector = self._vectors.pop(key, None)
        if vector is None:
            vector = model.vector(tokens.of(text, min(MOST_PIECES, model.longest))).tolist()
        self._vectors[key] = vector
        if len(self._vectors) > CACHED:
            self._vectors.popitem(last=False)
        return Reading(vector=vector)
