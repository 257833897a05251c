from dataclasses import replace

import pytest
import topics as bench
from hypothesis import given
from hypothesis import strategies as st
from ymera_encoder.encoder import SentenceEncoder

from ymera_service.routing.sessions.topics import (
    CHANGED,
    COMPARED,
    EARLIER,
    HEAD,
    MOST_WORDS,
    TAIL,
    Turn,
    change,
    from_json,
    meanings,
    to_json,
)

GENERAL, CODING = {"general": 1.0}, {"coding": 1.0}
TEXTS = st.text(max_size=60) | st.sampled_from(["", "?", "Why?", "\ud800", "日本の首都は?", "and " * 500])


def chance(*texts: str) -> float:
    """Returns how likely the last text begins another topic than the others."""
    *earlier, turn = [Turn.of(text, GENERAL) for text in texts]
    return change(turn, earlier)


@pytest.mark.parametrize(
    "turn",
    [
        "And how long does it last?",
        "Could you rephrase your answer as a list?",
        "What about dogs?",
        "My budget is 500 euros.",
        "Photosynthesis.",
        "Thanks! Shorter, please.",
    ],
)
def test_what_points_back_or_answers_goes_on_with_the_topic(turn: str) -> None:
    assert chance("Tell me about something in nature.", turn) < CHANGED


@pytest.mark.parametrize(
    "turn",
    [
        "Can you tell me which documents I need for a visa to Canada?",
        "What are the main differences between procedural and functional programming?",
        "I need a recipe for a chocolate cake with walnuts.",
    ],
)
def test_a_request_that_stands_alone_begins_another_topic(turn: str) -> None:
    assert chance("How do volcanoes form under the ocean?", "And how hot is the lava there?", turn) > CHANGED


def test_shared_words_speak_for_the_same_topic_the_more_the_later_they_were_said() -> None:
    turn = "What is the weight of an elephant?"
    unrelated = "How do volcanoes form under the ocean?"
    said = "Where does the largest elephant live?"
    assert chance(said, turn) < chance(said, unrelated, turn) < chance(unrelated, unrelated, turn)


def test_another_class_speaks_for_another_topic() -> None:
    before = [Turn.of("Wie lang ist der Rhein?", GENERAL)]
    text = "Schreibe eine Funktion in Python, die alle Primzahlen bis hundert findet"
    assert change(Turn.of(text, GENERAL), before) < CHANGED < change(Turn.of(text, CODING), before)


def test_the_first_turn_begins_a_topic() -> None:
    assert chance("Hello") == 1.0


@given(texts=st.lists(TEXTS, min_size=1, max_size=EARLIER + 1))
def test_any_text_has_a_chance_and_little_of_it_is_kept(texts: list[str]) -> None:
    assert 0 <= chance(*texts) <= 1
    for text in texts:
        assert len(Turn.of(text, GENERAL).words) <= MOST_WORDS


def meaning(text: str, *vector: float, of: str = f"encoder/{COMPARED}") -> Turn:
    return Turn.of(text, GENERAL, vector, of)


def test_turns_that_mean_the_same_go_on_with_a_topic_and_those_that_do_not_begin_another() -> None:
    earlier = [meaning("How do volcanoes form under the ocean?", 1.0, 0.1, 0.0)]
    alike, other = (meaning("What is the temperature of molten rock?", *vector) for vector in ((1, 0, 0), (0, 0.1, 1)))
    assert change(alike, earlier) < CHANGED < change(other, earlier)
    earlier.append(meaning("And how long do lava flows last?", 0.0, 1.0, 0.0))
    assert change(other, earlier) > change(meaning("What is the temperature of molten rock?", 0.7, 0.7, 0), earlier)


@pytest.mark.parametrize(
    "earlier",
    [
        meaning("How do volcanoes form?"),
        meaning("How do volcanoes form?", 1.0, 0.0, of=f"other/{COMPARED}"),
        meaning("How do volcanoes form?", 1.0, 0.0, 0.0),
    ],
)
def test_vectors_count_only_beside_others_of_the_same_classifier(earlier: Turn) -> None:
    turn = meaning("What is the temperature of molten rock?", 1.0, 0.0)
    assert not meanings(turn, [meaning("Why?", 1.0, 0.0), earlier])
    assert change(turn, [earlier]) == change(meaning("What is the temperature of molten rock?"), [earlier])


def test_the_weights_were_fitted_to_the_encoder_that_there_is() -> None:
    assert SentenceEncoder.version == COMPARED


def test_vectors_of_an_encoder_that_the_weights_were_not_fitted_to_do_not_count() -> None:
    turn = meaning("What is the temperature of molten rock?", 1.0, 0.0, of="encoder/another")
    assert not meanings(turn, [turn])


@given(vectors=st.lists(st.lists(st.floats(-1, 1), min_size=3, max_size=3), min_size=2, max_size=EARLIER + 1))
def test_any_vectors_give_a_chance(vectors: list[list[float]]) -> None:
    *earlier, turn = (meaning("What is the temperature of molten rock?", *vector) for vector in vectors)
    assert 0 <= change(turn, earlier) <= 1
    assert all(-1.001 <= likeness <= 1.001 for likeness in meanings(turn, earlier))


@given(text=TEXTS)
def test_a_stored_turn_is_read_as_it_was_and_small(text: str) -> None:
    turn = Turn.of(text, {"general": 0.75, "coding": 0.25}, (0.5, -1.0), "encoder/1")
    assert from_json(to_json(turn)) == turn
    assert (
        len(to_json(Turn.of("volcano elephant " * 99, {f"category-{number:054}": 1 / 7 for number in range(8)}))) < 1024
    )


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"words": "x"}'])
def test_what_is_not_a_stored_turn_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="Turn"):
        from_json(data)


def test_a_stored_turn_with_a_vector_that_is_none_is_refused() -> None:
    data = to_json(replace(Turn.of("Why?", GENERAL), vector="x", vector_of="encoder/1"))
    with pytest.raises(ValueError, match="base64"):
        from_json(data)


def test_only_the_ends_of_a_long_message_are_read() -> None:
    head, tail = "volcano " * (HEAD // 8), " elephant" * (TAIL // 9)
    assert Turn.of(f"{head}{'unread words ' * 10_000}{tail}", GENERAL).words == Turn.of(f"{head} {tail}", GENERAL).words


@pytest.mark.skipif(not bench.DATA.exists(), reason="the recorded conversations are not here")
def test_labelled_conversations() -> None:
    found = bench.examples("stitched")
    kept = [change(one.turn, one.earlier) <= CHANGED for one in found if not one.changes]
    caught = [change(one.turn, one.earlier) > CHANGED for one in found if one.changes]
    assert sum(kept) / len(kept) > 0.94
    assert sum(caught) / len(caught) > 0.74
