import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

import pytest
from ymera_published.prior import PublishedScores

from ymera_service.sdk.classifiers import CATEGORIES
from ymera_service.sdk.models import Model, ModelInfo, Price

SHARED = Path(__file__).parents[3].parent / "shared"
PRIOR = PublishedScores()


def expected(name: str, price: Price | None = None, category: str = "general") -> float:
    expectation = PRIOR.expect(Model(f"p/{name}", "p", ModelInfo(name), price))
    assert expectation is not None
    return expectation.quality[category]


def basis(name: str, price: Price | None = None) -> str:
    expectation = PRIOR.expect(Model(f"p/{name}", "p", ModelInfo(name), price))
    assert expectation is not None
    return expectation.basis


def test_a_scored_model_is_expected_from_its_scores() -> None:
    assert basis("claude-opus-4-5-20251101") == "published scores (EQ-Bench, LiveBench, Vectara, 2026-07)"


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        ("llama3.2:1b", "llama-3.3-70b-versatile"),
        ("gpt-4o-mini", "gpt-4.1"),
        ("gpt-5-nano", "gpt-5.5"),
        ("claude-3-haiku-20240307", "claude-haiku-4-5"),
        ("claude-haiku-4-5", "claude-opus-4-8"),
        ("gemini-2.5-flash-lite", "gemini-3.1-pro-preview"),
    ],
)
def test_models_are_in_the_order_that_people_know(weaker: str, stronger: str) -> None:
    for category in CATEGORIES:
        assert expected(weaker, category=category) < expected(stronger, category=category)


def test_a_newer_model_is_as_good_as_its_nearest_older_relative() -> None:
    assert expected("gpt-5.9") == pytest.approx(expected("gpt-5.5"))
    assert basis("gpt-5.9").startswith("published scores of gpt 5.5, a relative (")


def test_an_older_model_is_worse_than_its_nearest_relative() -> None:
    assert expected("llama-2-70b-chat") < expected("llama-3-70b-instruct")


def test_a_smaller_model_of_a_family_is_worse() -> None:
    sizes = [expected(f"qwen3-{size}b") for size in ("0.6", "1.7", "8", "32")]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == len(sizes)


def test_a_distilled_model_is_not_as_good_as_its_teacher() -> None:
    assert expected("deepseek-r1-distill-llama-8b") < expected("deepseek-r1") - 0.1


def test_a_small_model_named_after_a_large_one_of_unknown_size_is_also_expected_from_its_size() -> None:
    sizes = [expected(f"deepseek-r1:{size}b") for size in ("1.5", "8", "70")]
    assert sizes == sorted(sizes)
    assert sizes[0] < expected("deepseek-r1") - 0.2
    assert basis("deepseek-r1:1.5b").endswith(", and its size")


def test_a_small_model_with_scores_for_empathy_alone_is_expected_to_be_weaker_elsewhere() -> None:
    assert expected("gemma3:4b", category="coding") < expected("gemma3:4b", category="empathy")


def test_an_unknown_model_is_expected_from_its_size_and_then_from_its_price() -> None:
    assert basis("unheard-of-7b", Price(10, 10)) == "models of about 7 billion parameters, a weak hint"
    cheap, dear = Price(0, 100_000), Price(0, 60_000_000)
    assert basis("unheard-of", cheap) == "models at about $0.1 per million output tokens, a weak hint"
    assert expected("unheard-of", cheap) < expected("unheard-of", dear) < 0.9


def test_nothing_is_expected_of_an_unknown_model_without_size_or_price() -> None:
    for price in (None, Price(0, 0)):
        assert PRIOR.expect(Model("p/unheard-of", "p", ModelInfo("unheard-of"), price)) is None


def catalogue() -> Iterator[Model]:
    path = SHARED / "catalogue" / "models.jsonl.gz"
    if not path.exists():
        pytest.skip("the shared catalogue is not beside the checkout")
    with gzip.open(path, "rt") as lines:
        for row in map(json.loads, lines):
            yield Model(f"{row['vendor']}/{row['id']}", row["vendor"], ModelInfo(row["id"]), None)


def test_every_expectation_is_a_share_and_is_made_quickly() -> None:
    bases = [found for model in catalogue() if (found := PRIOR.expect(model)) is not None]
    assert all(0 <= each <= 1 for found in bases for each in found.quality.values())
    assert len(bases) > 900


def test_it_ranks_better_models_higher_on_outcomes_that_it_was_not_made_from() -> None:
    path = SHARED / "routing" / "dev" / "outcomes_zeroeval.jsonl.gz"
    if not path.exists():
        pytest.skip("the shared routing data is not beside the checkout")
    shares = defaultdict(list)
    with gzip.open(path, "rt") as lines:
        for row in map(json.loads, lines):
            for model, outcome in row["outcomes"].items():
                shares[model].append(outcome["quality"])
    known = [
        (mean(quality), found.quality["math"])
        for model, quality in shares.items()
        if (found := PRIOR.expect(Model(model, "p", ModelInfo(model), None))) is not None
    ]
    pairs = [(a, b) for a in known for b in known if a[0] > b[0] + 0.05]
    assert len(pairs) > 100
    assert mean(a[1] > b[1] for a, b in pairs) > 0.75
