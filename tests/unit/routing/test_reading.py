"""Readings of classifiers are checked and merged; those that fail or are late are as if they were not there."""

import asyncio
import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from tests.unit.routing.conftest import FixedClassifier
from ymera_service.routing.prompts.readers import MOST_WAITING, Readers
from ymera_service.routing.prompts.reading import MAX_CATEGORIES, MergedReading
from ymera_service.sdk.classifiers import MAX_VECTOR, Classifier, Reading
from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt

PROMPT = Prompt((user("hello"),))
GENERAL = {"general": 1.0}
WAIT = 10.0


def named(name: str, reading: Reading) -> Classifier:
    classifier = FixedClassifier()
    classifier.name, classifier.reading = name, reading
    return classifier


def merged(*readings: Reading, weights: Mapping[str, float] | None = None) -> MergedReading:
    """Returns what the classifiers "a", "b", … with these readings give together."""
    classifiers = {name: named(name, reading) for name, reading in zip("abcd", readings, strict=False)}
    return Readers(lambda: classifiers, weights).read_now(PROMPT)


def test_the_reading_of_one_classifier_is_taken_the_likeliest_first() -> None:
    reading = merged(Reading({"math": 0.25, "coding": 0.75}, {"joy": 0.1, "neutral": 0.9}, 0.5, (1.0, 2.0)))
    assert [*reading.categories.items()] == [("coding", 0.75), ("math", 0.25)]
    assert [*reading.emotions.items()] == [("neutral", 0.9), ("joy", 0.1)]
    assert (reading.complexity, reading.vector, reading.vector_of) == (0.5, (1.0, 2.0), "a/1")


def test_without_a_classifier_every_task_is_general_and_nothing_else_is_known() -> None:
    assert merged() == MergedReading(GENERAL)


def test_probabilities_are_made_to_add_up_to_one() -> None:
    assert merged(Reading({"math": 1.0, "coding": 2.0, "general": 1.0})).categories == {
        "coding": 0.5,
        "math": 0.25,
        "general": 0.25,
    }


def test_emotions_that_are_very_unlikely_are_left_out() -> None:
    assert merged(Reading(GENERAL, {"joy": 0.998, "anger": 0.002})).emotions == {"joy": 0.998}


def test_several_readings_are_weighted_means_of_what_each_one_judges() -> None:
    first = Reading({"math": 1.0}, {"joy": 1.0}, 0.2)
    second = Reading({"math": 0.5, "coding": 0.5}, {}, 0.8, (1.0,))
    third = Reading({}, {"neutral": 1.0}, None, (2.0,))
    reading = merged(first, second, third, weights={"b": 3.0})
    assert reading.categories == pytest.approx({"math": 0.625, "coding": 0.375})
    assert reading.emotions == pytest.approx({"joy": 0.5, "neutral": 0.5})
    assert reading.complexity == pytest.approx(0.65)
    assert (reading.vector, reading.vector_of) == ((1.0,), "b/1")


def test_of_equal_ones_the_vector_of_the_first_by_name_is_taken() -> None:
    assert merged(Reading(vector=(1.0,)), Reading(vector=(2.0,))).vector_of == "a/1"


def test_distress_raises_empathy() -> None:
    assert [*merged(Reading(GENERAL, {"sadness": 1.0})).categories] == ["empathy", "general"]


def test_a_classifier_with_the_weight_0_is_not_asked() -> None:
    assert merged(Reading({"math": 1.0}), Reading({"coding": 1.0}), weights={"a": 0.0}).categories == {"coding": 1.0}


@pytest.mark.parametrize(
    "given",
    [
        *[Reading(given) for given in ({"math": -1.0, "coding": 2.0}, {"math": math.nan}, {"math": 0.0})],
        *[Reading(given) for given in ({"math": math.inf}, {"unknown": 1.0})],
        Reading({1: 1.0}),  # type: ignore[dict-item]  # as a plugin without types may return
        Reading({"math": "much"}),  # type: ignore[dict-item]
        Reading({f"{number}": 0.1 for number in range(1001)}),
        Reading({"math": 1.0}, {"bliss": 1.0}),
        Reading({"math": 1.0}, complexity=1.1),
        Reading({"math": 1.0}, complexity=math.nan),
        Reading({"math": 1.0}, vector=(math.nan,)),
        Reading({"math": 1.0}, vector=(0.0,) * (MAX_VECTOR + 1)),
        None,
        {"math": 1.0},
    ],
)
def test_a_reading_that_is_not_valid_is_not_used_at_all(given: Any) -> None:
    assert merged(given) == MergedReading(GENERAL)
    assert merged(given, Reading({"coding": 1.0})) == MergedReading({"coding": 1.0})


def test_only_categories_that_were_declared_count() -> None:
    assert merged(Reading({"math": 0.5, f"kind-{id(PROMPT)}": 0.5})).categories == {"math": 1.0}


def test_of_many_categories_the_likeliest_count() -> None:
    classifier = FixedClassifier({f"kind-{number:02}": float(number) for number in range(20)})
    classifier.categories = tuple(classifier.reading.categories)
    probabilities = Readers(lambda: {"fixed": classifier}).read_now(PROMPT).categories
    assert list(probabilities) == [f"kind-{number}" for number in range(19, 19 - MAX_CATEGORIES, -1)]
    assert sum(probabilities.values()) == pytest.approx(1)


class Slow(Classifier):
    """Reads in a thread, and not before it may."""

    name = "slow"
    off_loop = True

    def __init__(self) -> None:
        self.may = threading.Event()
        self.threads: list[threading.Thread] = []

    def read(self, prompt: Prompt) -> Reading:
        self.threads.append(threading.current_thread())
        assert self.may.wait(WAIT)
        return Reading({"coding": 1.0}, vector=(1.0,))


@contextmanager
def released(slow: Slow) -> Iterator[None]:
    try:
        yield
    finally:
        slow.may.set()


async def test_a_classifier_may_read_in_a_thread_of_its_own_beside_others() -> None:
    slow = Slow()
    slow.may.set()
    classifiers = {"a": named("a", Reading({"math": 1.0})), "slow": slow}
    async with asyncio.timeout(WAIT):
        reading = await Readers(lambda: classifiers, seconds=WAIT).read(PROMPT)
    assert reading.categories == {"math": 0.5, "coding": 0.5}
    assert reading.vector_of == "slow/1"
    assert [thread.name for thread in slow.threads] == ["ymera-classifier-slow"]


async def test_a_late_reading_is_not_waited_for_and_the_loop_stays_free() -> None:
    slow = Slow()
    readers = Readers(lambda: classifiers, seconds=0.01)
    classifiers = {"a": named("a", Reading({"math": 1.0})), "slow": slow}
    with released(slow):
        async with asyncio.timeout(WAIT):
            assert (await readers.read(PROMPT)).categories == {"math": 1.0}


async def test_prompts_that_wait_for_a_thread_are_bounded_and_those_given_up_are_not_read() -> None:
    slow = Slow()
    classifiers = {"slow": slow}
    readers = Readers(lambda: classifiers, seconds=0.01)
    async with asyncio.timeout(WAIT):
        with released(slow):
            await asyncio.gather(*(readers.read(PROMPT) for _ in range(3 * MOST_WAITING)))
        patient = Readers(lambda: classifiers, seconds=WAIT)
        while (await patient.read(PROMPT)).categories != {"coding": 1.0}:
            pass
    assert len(slow.threads) == 2


class Exits(Classifier):
    name = "exits"
    off_loop = True

    def read(self, prompt: Prompt) -> Reading:
        raise SystemExit(3)


async def test_a_classifier_that_exits_in_its_thread_does_no_harm() -> None:
    classifiers = {"exits": Exits()}
    readers = Readers(lambda: classifiers, seconds=WAIT)
    async with asyncio.timeout(WAIT):
        for _ in range(2):
            assert (await readers.read(PROMPT)).categories == GENERAL


async def test_a_request_that_is_cancelled_while_it_waits_ends_at_once() -> None:
    slow = Slow()
    classifiers = {"slow": slow}
    readers = Readers(lambda: classifiers, seconds=WAIT)
    with released(slow):
        reading = asyncio.create_task(readers.read(PROMPT))
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(reading, WAIT)


async def test_other_classifiers_take_over_and_threads_end() -> None:
    slow = Slow()
    slow.may.set()
    current: dict[str, Classifier] = {"slow": slow}
    readers = Readers(lambda: current, seconds=WAIT)
    async with asyncio.timeout(WAIT):
        assert (await readers.read(PROMPT)).categories == {"coding": 1.0}
        current = {"a": named("a", Reading({"math": 1.0}))}
        assert (await readers.read(PROMPT)).categories == {"math": 1.0}
        await asyncio.to_thread(slow.threads[0].join, WAIT)
        assert not slow.threads[0].is_alive()
        assert readers.categories == set(FixedClassifier.categories)
