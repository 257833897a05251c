"""Features hold what can be learnt from, bounded and without text."""

from array import array
from base64 import b64decode

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ymera_service.routing.prompts.estimate import needs_of
from ymera_service.routing.prompts.features import (
    BUCKETS,
    MOST_BUCKETS,
    VERSION,
    Features,
    features_of,
    from_json,
    to_json,
)
from ymera_service.routing.prompts.reading import MergedReading
from ymera_service.sdk.content import Media, MediaKind, Message, Role, Text, user
from ymera_service.sdk.generation import Prompt, Tool

READING = MergedReading({"coding": 0.75, "general": 0.25})


def features(prompt: Prompt | str) -> Features:
    prompt = Prompt((user(prompt),)) if isinstance(prompt, str) else prompt
    return features_of(prompt, READING, needs_of(prompt))


@given(st.text(max_size=6_000))
def test_features_are_bounded_and_stored_without_loss(text: str) -> None:
    made = features(text)
    stored = to_json(made)
    assert len(stored) <= 2_000
    assert from_json(stored) == made
    assert 0 <= made.complexity <= 1
    assert len(made.words) <= MOST_BUCKETS
    assert all(0 <= bucket < BUCKETS for bucket in made.words)


def test_no_word_of_the_prompt_is_kept() -> None:
    assert b"secret" not in to_json(features("my secret is a secret")).lower()


def test_case_signs_and_order_of_words_do_not_matter() -> None:
    assert features("Sort a LIST!").words == features("list, a sort").words != features("sort a tuple").words


@pytest.mark.parametrize("text", ["Größe", "速い", "vélo 🚲", "\ud800"])
def test_words_of_every_script_are_counted(text: str) -> None:
    assert features(text).words


def test_only_the_users_last_message_is_read_and_needs_are_kept() -> None:
    image = Message(Role.USER, (Text("sort a list"), Media(MediaKind.IMAGE, uri="https://example.org/a.png")))
    prompt = Prompt((user("other words"), image), tools=(Tool("look", "Looks.", "{}"),))
    made = features(prompt)
    assert made.words == features("sort a list").words
    assert made.capabilities == ("image_input", "tools")
    assert made.input_tokens == needs_of(prompt).input_tokens
    assert made.categories == READING.categories


def test_a_long_request_of_many_steps_is_more_complex() -> None:
    steps = "\n".join(f"{n}. compare the figures of row {n}, then say why; cite" for n in range(30))
    assert features("").complexity == 0
    assert 0 < features("Hi").complexity < 0.3
    assert features(steps).complexity > 0.8


def test_features_of_another_version_are_not_read() -> None:
    stored = orjson.loads(to_json(features("hello")))
    assert stored["version"] == VERSION
    assert from_json(orjson.dumps(stored | {"version": VERSION + 1})) is None
    with pytest.raises(ValueError, match="words"):
        from_json(orjson.dumps(stored | {"words": "hello"}))


def test_the_reading_is_kept() -> None:
    reading = MergedReading({"coding": 2 / 3, "general": 1 / 3}, {"joy": 0.9, "neutral": 0.1}, 0.25)
    prompt = Prompt((user("hello"),))
    made = features_of(prompt, reading, needs_of(prompt))
    assert made.categories == {"coding": 0.667, "general": 0.333}
    assert (made.emotions, made.complexity) == (reading.emotions, 0.25)


@given(st.lists(st.floats(-1e300, 1e300, allow_subnormal=False), min_size=1, max_size=1024))
@example([2.2250738585072014e-308])
def test_a_vector_keeps_its_direction_in_a_byte_for_each_figure(vector: list[float]) -> None:
    prompt = Prompt((user("hello"),))
    made = features_of(prompt, MergedReading({"general": 1.0}, vector=vector, vector_of="lab/1"), needs_of(prompt))
    stored = to_json(made)
    assert from_json(stored) == made
    assert made.vector_of == "lab/1"
    assert len(stored) < 2_000 + 4 * len(vector) / 3
    largest = max(map(abs, vector))
    figures = array("b", b64decode(made.vector)).tolist()
    assert figures == pytest.approx([value / (largest or 1.0) * 127 for value in vector], abs=0.51)
