from hypothesis import given
from hypothesis import strategies as st

from ymera_service.catalog.matching import Names

NAMES = Names(["openai/gpt-5", "openai/gpt-5-mini", "azure/gpt-5", "openrouter/openai/gpt-5", "odd/[x]"])


def test_an_exact_id_matches_only_that_model() -> None:
    assert NAMES.match("openai/gpt-5") == ["openai/gpt-5"]


def test_a_bare_name_matches_the_model_at_every_provider() -> None:
    assert NAMES.match("gpt-5") == ["azure/gpt-5", "openai/gpt-5"]


def test_a_pattern_matches_every_id_that_fits() -> None:
    assert NAMES.match("openai/*") == ["openai/gpt-5", "openai/gpt-5-mini"]
    assert NAMES.match("*/gpt-?") == ["azure/gpt-5", "openai/gpt-5", "openrouter/openai/gpt-5"]
    assert len(NAMES.match("*")) == 5


def test_a_name_with_pattern_signs_can_be_named() -> None:
    assert NAMES.match("odd/[x]") == ["odd/[x]"]


def test_a_pattern_without_a_match_returns_nothing() -> None:
    assert NAMES.match("gpt-6") == []
    assert NAMES.match("OPENAI/GPT-5") == []
    assert NAMES.match("") == []


def test_similar_ids_are_found_for_a_mistyped_name() -> None:
    assert "openai/gpt-5-mini" in NAMES.close_to("openai/gpt5-mini")
    assert "openai/gpt-5-mini" in NAMES.close_to("gpt5-mini")
    assert NAMES.close_to("zzzzzz") == []


@given(pattern=st.text(alphabet="ab/*?[]!-\\^", max_size=12))
def test_any_pattern_returns_only_known_ids_sorted(pattern: str) -> None:
    ids = ["a/a", "a/b", "b/ab", "b/[a]"]
    matched = Names(ids).match(pattern)
    assert matched == sorted(set(matched) & set(ids))


@given(provider=st.sampled_from(["p", "q"]), name=st.text(alphabet="ab-*[", min_size=1, max_size=6))
def test_every_id_matches_itself(provider: str, name: str) -> None:
    wanted = f"{provider}/{name}"
    assert Names([wanted, "other/model"]).match(wanted) == [wanted]


def test_similar_ids_are_found_among_thousands() -> None:
    names = Names([f"vendor-{number % 7}/family-{number % 13}-model-{number}" for number in range(3_000)])
    assert names.close_to("vendor-3/familly-9-model-1400")[0] == "vendor-0/family-9-model-1400"
    assert names.close_to("family-9-modl-1400")[0] == "vendor-0/family-9-model-1400"
