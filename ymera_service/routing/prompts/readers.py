"""Asks the classifiers what they make of a prompt.

A classifier that fails, or does not return in time, is ignored.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain

import structlog

from ymera_service.plugins.wording import trace
from ymera_service.routing.prompts.reading import MergedReading, Source, checked, merged
from ymera_service.sdk.classifiers import Classifier, Reading
from ymera_service.sdk.generation import Prompt
from ymera_service.storage.thread import Thread

_log = structlog.get_logger(__name__)

READING_SECONDS = 0.05
"""How long a classifier that runs in a thread is waited for, unless configured."""
MOST_WAITING = 16
"""Prompts that may wait for one classifier; it is not asked about more."""


class _Reader:
    """One classifier, and how much it counts."""

    def __init__(self, classifier: Classifier, weight: float) -> None:
        self._classifier = classifier
        name = f"{classifier.name}/{classifier.version}"
        self.source = Source(name, weight, frozenset(classifier.categories))
        self.gives_vectors = False
        """It has given one."""

    def read(self, prompt: Prompt) -> Reading | None:
        """Returns its reading with what is valid of it; None if it fails."""
        try:
            reading = checked(self._classifier.read(prompt), self.source)
        except BaseException as error:  # noqa: BLE001  # whatever it raises, the request can be served
            _log.error("classifier_failed", classifier=self._classifier.name, exception=trace(error))
            return None
        self.gives_vectors = self.gives_vectors or bool(reading.vector)
        return reading


class _Threaded(_Reader):
    """One classifier that runs in a thread."""

    def __init__(self, classifier: Classifier, weight: float) -> None:
        super().__init__(classifier, weight)
        self._thread = Thread(f"ymera-classifier-{classifier.name}")
        self._asked = self._done = 0
        self._late = False

    def close(self) -> None:
        """Lets the thread end."""
        self._thread.close()

    async def read_within(self, seconds: float, prompt: Prompt) -> Reading | None:
        """Returns its reading; None if it fails, is not done in time, or has too much to do."""
        if self._asked - self._done >= MOST_WAITING:
            return None
        found: list[Reading | None] = []
        wanted = True

        def work() -> None:
            if wanted:
                found.append(self.read(prompt))
            self._done += 1  # by the thread alone, as `_asked` is counted by the loop alone

        self._asked += 1
        late = False
        try:
            async with asyncio.timeout(seconds):
                await self._thread.call(work)
        except TimeoutError:
            late = True
        finally:
            wanted = False
        if late and not self._late:
            _log.warning("classifier_late", classifier=self._classifier.name, seconds=seconds)
        self._late = late
        return None if late else found[0]


class Readers:
    """The classifiers in use."""

    def __init__(
        self,
        classifiers: Callable[[], Mapping[str, Classifier]],
        weights: Mapping[str, float] | None = None,
        seconds: float = READING_SECONDS,
    ) -> None:
        """Takes what the readings come from.

        Args:
            classifiers: Returns the classifiers by name; the same object as long as they are the same.
            weights: How much each one counts, 1 unless stated; those with 0 are not asked.
            seconds: How long one that runs in a thread is waited for.
        """
        self._classifiers = classifiers
        self._weights = weights or {}
        self._seconds = seconds
        self._known: Mapping[str, Classifier] | None = None
        self._on_loop: Sequence[_Reader] = ()
        self._in_threads: Sequence[_Threaded] = ()

    @property
    def categories(self) -> Collection[str]:
        """Those that a reading may have."""
        return {category for classifier in self._classifiers().values() for category in classifier.categories}

    def read_now(self, prompt: Prompt) -> MergedReading:
        """Returns what the classifiers that need no thread make of a prompt."""
        self._update()
        return _merged([(one, one.read(prompt)) for one in self._on_loop])

    @property
    def may_be_late(self) -> bool:
        """Whether some classifiers give vectors from threads."""
        self._update()
        return any(one.gives_vectors for one in self._in_threads)

    async def read_again(self, prompt: Prompt) -> MergedReading:
        """Returns what classifiers that give vectors from threads make of a prompt: a late reading may be there now."""
        self._update()
        asked = [one for one in self._in_threads if one.gives_vectors]
        return _merged([(one, await one.read_within(self._seconds, prompt)) for one in asked])

    async def read(self, prompt: Prompt) -> MergedReading:
        """Returns what all classifiers make of a prompt, as far as they do so in time."""
        self._update()
        on_loop, in_threads = self._on_loop, self._in_threads
        if not in_threads:
            return _merged([(one, one.read(prompt)) for one in on_loop])
        async with asyncio.TaskGroup() as group:
            reading = [(one, group.create_task(one.read_within(self._seconds, prompt))) for one in in_threads]
            await asyncio.sleep(0)  # lets the threads begin before the loop reads
            read = [(one, one.read(prompt)) for one in on_loop]
        return _merged(chain(read, ((one, task.result()) for one, task in reading)))

    def _update(self) -> None:
        classifiers = self._classifiers()
        if classifiers is self._known:
            return
        for gone in self._in_threads:
            gone.close()
        used = [(one, weight) for name, one in classifiers.items() if (weight := self._weights.get(name, 1.0))]
        self._on_loop = [_Reader(one, weight) for one, weight in used if not one.off_loop]
        self._in_threads = [_Threaded(one, weight) for one, weight in used if one.off_loop]
        self._known = classifiers


def _merged(readings: Iterable[tuple[_Reader, Reading | None]]) -> MergedReading:
    return merged([(one.source, reading) for one, reading in readings if reading is not None])
