"""The fast ways of finding features, against the plain definitions of what they find."""

import re
import time
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ymera_lexical import reading, shape
from ymera_lexical.cues import GROUPS
from ymera_lexical.groups import REACH, group_features
from ymera_lexical.packing import Packing
from ymera_lexical.reading import HEAD, TAIL, excerpt, words_of
from ymera_lexical.request import portions_of
from ymera_lexical.shape import shape_features
from ymera_lexical.vocabulary import Vocabulary, names_of

WORD = re.compile(r"[^\W\d_]+(?:['+#-][^\W\d_]+|\+\+|#)*")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
ARITHMETIC = re.compile(r"\d\s?[-+*/×÷^=<>]\s?[\d(a-z]|[a-z)]\s?[=^]\s?[-\d(a-z]|\\(?:frac|sqrt|int|sum)|[√∑∫π≤≥²³]")
QUOTED = re.compile(r"[\"“«][^\"”»]{10,}[\"”»]|:\s*\n|:\s+[A-Z\"'“«].{25}")
CODE = [
    *("{", "}", ";\n", "();", "()", "==", "!=", "=>", "->", "</", "/>", "::", "[0]", "[i", " = ", "+=", "&&", "||"),
    *("#include", "def ", "import ", "self.", "return ", "var ", "const ", "void ", "public ", "print(", "SELECT "),
]
CJK_WORDS = [word for words in GROUPS.values() for word in words.split() if word >= "\u3040"]


def texts(*atoms: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(atoms), max_size=30).map(lambda chosen: "".join(chosen).strip())


def steps(name: str, count: int) -> set[str]:
    return {f"~{name}>{step}" for step in (0, 1, 3, 8) if count > step}


def found(name: str, text: str) -> set[str]:
    return {feature for feature in shape_features(text, 1) if feature.startswith(f"~{name}")}


@given(
    texts("'", "’", "+", "#", "-", "_", " ", "\n", "1", "²", ".", "a", "B", "É", "İ", "\ud800", "\u3000", "c++")
    | st.text()
)
def test_words_are_letters_joined_by_few_signs(text: str) -> None:
    lower = text.lower().replace("’", "'")
    cjk = {char for word in CJK_WORDS for char in word}
    assert words_of(text)[: len(WORD.findall(lower))] == WORD.findall(lower)
    assert cjk & {*lower} or words_of(text) == WORD.findall(lower)


def test_words_of_groups_are_found_in_scripts_without_spaces_the_longest_first() -> None:
    assert words_of("请写一首诗") == ["请写一首诗", "写一首", "诗"]
    assert words_of("请写 code") == ["请写", "code", "写"]


@given(texts("1", "٣", ",", ".", " ", "a", "é"))
def test_numbers_have_points_and_commas_within(text: str) -> None:
    assert found("number", text) == steps("number", len(NUMBER.findall(text)))


@given(texts(*"12a(=^+-) z\\πB<²", "\\frac", "\\sum", "1 + 2", "x=", "\n"))
def test_arithmetic_is_operators_between_operands_that_count_once(text: str) -> None:
    assert found("arithmetic", text) == steps("arithmetic", len(ARITHMETIC.findall(text)))


@given(texts(*"\"“”«»:' \nA", "lower", "ten letters", "more than twenty-five letters"))
@example("“ten letters”")
@example("«ten letters»")
@example('"ten letters"')
@example("“nine char“ten letters and no end")
def test_quoted_and_introduced_texts_are_long_enough(text: str) -> None:
    assert found("quotes", text) == ({"~quotes"} if QUOTED.search(text) else set())


@given(texts(*CODE, *"=&|:;\n#(<[>", "x", " "))
def test_code_is_what_has_its_signs(text: str) -> None:
    counted = sum(map(text.count, CODE)) if re.search(r"[{}=<>\[&|:#]|\(\)|;\n", text) else 0
    assert found("code", text) == steps("code", counted)


@given(texts("write ", "code ", "sad ", "sentence ", "evaluate ", "x ", "y y y y "))
def test_groups_are_counted_and_follow_each_other_within_reach(text: str) -> None:
    words = text.split()
    groups = [[group for group, of in GROUPS.items() if word in of.split()] for word in words]
    cues = [at for at, names in enumerate(groups) if names]
    near = [(groups[a], groups[b]) for a, b in pairwise(cues) if b - a <= REACH]
    expected = {f"{left}>{right}" for before, after in near for left in before for right in after}
    for group in GROUPS:
        count = sum(group in names for names in groups)
        expected |= {f"#{group}"} if count else set()
        expected |= {f"#{group}>{step}" for step in (1, 3) if count > step}
        expected |= {f"#{group} dense"} if count * 12 > len(words) else set()
    assert group_features(words) == expected


def test_each_word_and_pair_of_neighbours_is_a_feature() -> None:
    assert names_of(["a", "b", "a", "b"]) == {"a", "b", "^ a", "^a b", "a b", "b a"}
    assert names_of(["a"]) == {"a", "^ a"}
    assert names_of([]) == set()


@given(st.lists(st.sampled_from("abcd"), max_size=8))
def test_a_vocabulary_adds_up_the_features_that_it_knows(words: list[str]) -> None:
    known = ["a", "b", "^ a", "^ d", "^a b", "^d a", "a b", "b a", "c d", "d d"]
    rows = {name: 1 << number for number, name in enumerate(known)}
    singles = {name: row for name, row in rows.items() if " " not in name}
    vocabulary = Vocabulary(singles, {name: row for name, row in rows.items() if " " in name})
    assert vocabulary.total(words) == sum(rows.get(name, 0) for name in names_of(words))


@given(st.lists(st.tuples(*[st.integers(-400, 400)] * 3), max_size=50))
def test_packed_rows_add_up_column_by_column(rows: list[tuple[int, int, int]]) -> None:
    packing = Packing(3)
    sums = [sum(row[column] for row in rows) for column in range(3)]
    assert [*packing.unpack(sum(map(packing.pack, rows)))] == sums


@pytest.mark.parametrize("blank", ["", " ", "\n\n", "\u3000"])
def test_an_excerpt_is_bounded_and_begins_and_ends_with_what_was_said(blank: str) -> None:
    assert excerpt(f"{blank}short{blank}") == "short"
    assert excerpt(f"{blank}{'a' * HEAD}{'b' * 9_999}{'c' * TAIL}{blank}") == f"{'a' * HEAD}\n{'c' * TAIL}"


def expressions(*modules: object) -> Iterable[re.Pattern[str]]:
    return [value for module in modules for value in vars(module).values() if isinstance(value, re.Pattern)]


HOSTILE = [*"\n :\"“«'+#-([{=1a.,^\\<", ": ", ":\t", "“a", "«»", "1,", "1 ", "a-", "a+", "1+", "a =", "写", "\\frac"]


@pytest.mark.parametrize("unit", HOSTILE)
def test_expressions_and_features_take_linear_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    before = time.monotonic()
    for expression in expressions(reading, shape):
        expression.findall(text)
        expression.findall(f"{text}x")
    shape_features(text, len(group_features(words_of(text))))
    portions_of(text)
    assert time.monotonic() - before < 2
