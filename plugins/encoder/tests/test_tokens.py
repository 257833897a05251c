import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera_encoder.tokens import LONGEST_WORD, Tokens, words

PIECES = ("[UNK]", "[CLS]", "[SEP]", "volcano", "vol", "##cano", "##es", "?", "日", "a", "##a")
TOKENS = Tokens({piece: number for number, piece in enumerate(PIECES)})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How HOT?", ["how", "hot", "?"]),
        ("naïve Wörter", ["naive", "worter"]),
        ("don't $5+3", ["don", "'", "t", "$", "5", "+", "3"]),
        ("日本a", ["日", "本", "a"]),
        ("a\tb\r\n c\u00a0d", ["a", "b", "c", "d"]),
        ("a\x00b\u200bc\ufffd", ["abc"]),
        ("«so»…", ["«", "so", "»", "…"]),
        ("", []),
    ],
)
def test_words_are_small_letters_without_accents_and_signs_are_words(text: str, expected: list[str]) -> None:
    assert list(words(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Volcano", ["volcano"]),
        ("volcanoes?", ["volcano", "##es", "?"]),
        ("volx", ["[UNK]"]),
        ("日a", ["日", "a"]),
        ("a" * LONGEST_WORD, ["a", *["##a"] * (LONGEST_WORD - 1)]),
        ("a" * (LONGEST_WORD + 1), ["[UNK]"]),
    ],
)
def test_a_word_is_its_longest_known_pieces_or_unknown(text: str, expected: list[str]) -> None:
    assert [PIECES[number] for number in TOKENS.of(text, 500)] == ["[CLS]", *expected, "[SEP]"]


@given(text=st.text() | st.text("a日? "), most=st.integers(2, 20))
def test_there_are_never_more_pieces_than_wanted(text: str, most: int) -> None:
    first, *_, last = found = TOKENS.of(text, most)
    assert (PIECES[first], PIECES[last]) == ("[CLS]", "[SEP]")
    assert len(found) <= most
    assert list(found[:-1]) == list(TOKENS.of(text, 10_000)[: len(found) - 1])


def test_a_vocabulary_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"lacks \[CLS\], \[SEP\]"):
        Tokens({"[UNK]": 0})
