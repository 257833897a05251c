"""Which source settles a fact."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.catalog.facts import ASSUMED, Claim, claims_of, explained, settled, stated, with_facts
from ymera_service.sdk.models import ASSUMABLE, Capability, ModelInfo, Price, RequestLimits, Tier

WHEN = datetime(2026, 11, 29, tzinfo=UTC)
ALL = frozenset(Capability)


def table(**facts: object) -> Claim:
    return Claim("table", WHEN, facts, weak=True)


def assumed(**facts: object) -> Claim:
    return Claim(ASSUMED, None, facts, weak=True)


def provider(**facts: object) -> Claim:
    return Claim("provider", WHEN, facts)


@pytest.mark.parametrize(
    ("claims", "known"),
    [
        ([provider(tools=False), table(tools=True)], False),
        ([provider(tools=True), table(tools=False)], True),
        ([table(tools=True)], True),
        ([table(tools=False)], None),
        ([assumed(tools=True)], True),
        ([assumed(tools=False)], False),
        ([table(tools=True), assumed(tools=False)], None),
        ([table(tools=False), assumed(tools=True)], None),
        ([table(tools=False), assumed(tools=False)], False),
        ([table(tools=True), table(tools=True), assumed(tools=True)], True),
        ([Claim("configuration", None, {"tools": False}), provider(tools=True)], False),
        ([], None),
    ],
)
def test_tables_and_assumptions_of_capabilities_count_as_far_as_they_agree(
    claims: list[Claim], known: bool | None
) -> None:
    assert settled(claims).get("tools") is known


def test_other_facts_are_those_of_the_first_source_that_states_them() -> None:
    claims = [provider(context_window=1), table(context_window=2, max_output_tokens=3), assumed(max_output_tokens=4)]
    assert settled(claims) == {"context_window": 1, "max_output_tokens": 3}


INFOS = st.builds(
    ModelInfo,
    st.just("m"),
    capabilities=st.frozensets(st.sampled_from(Capability)),
    context_window=st.integers(0, 9),
    max_output_tokens=st.integers(0, 9),
    unknown=st.frozensets(st.sampled_from(Capability)),
    efforts=st.none() | st.just(()) | st.just(("low",)),
    deprecated=st.none() | st.booleans(),
    retires=st.sampled_from(["", "2026-12-31"]),
    limits=st.builds(RequestLimits, st.integers(0, 9), st.integers(0, 9)),
    assumed=st.frozensets(st.sampled_from(sorted(ASSUMABLE))),
    price=st.none() | st.builds(Price, st.integers(0, 9), st.integers(0, 9), st.none() | st.integers(0, 9)),
)


@given(INFOS)
def test_what_only_the_provider_states_stays_as_it_is(info: ModelInfo) -> None:
    facts = settled(claims_of(info, WHEN))
    made = with_facts(info, facts)
    assert made.capabilities == info.capabilities - info.unknown
    assert made.unknown == info.unknown
    assert stated(made) == facts == stated(info)


@given(info=INFOS, other=INFOS, third=INFOS)
def test_each_fact_is_explained_by_the_source_that_settled_it(
    info: ModelInfo, other: ModelInfo, third: ModelInfo
) -> None:
    own, guessed = claims_of(info, WHEN)
    claims = [Claim("configuration", None, stated(third)), own, table(**stated(other)), guessed]
    facts = settled(claims)
    for fact in explained(claims):
        if not fact.name.startswith("price"):
            assert fact.value == facts.get(fact.name)
        assert (fact.source == "") == (fact.value is None)
        assert fact.is_disputed == any(value != fact.statements[0][1] for _, value in fact.statements)
    named = {fact.name for fact in explained(claims)}
    assert facts.keys() - {"price"} <= named


def test_a_price_is_settled_whole_and_explained_in_parts() -> None:
    ours = Price(5, 6, tiers=(Tier(7, 8, above_input_tokens=100),), per_request=2)
    claims = [provider(price=ours), table(price=Price(5, 9, 1))]
    facts = {fact.name: fact for fact in explained(claims)}
    assert settled(claims) == {"price": ours}
    assert (facts["price.input"].value, facts["price.input"].is_disputed) == (5, False)
    assert (facts["price.output"].value, facts["price.output"].is_disputed) == (6, True)
    assert facts["price.input.above_100"].value == 7
    assert facts["price.per_request"].value == 2
    assert (facts["price.cache_read"].value, facts["price.cache_read"].source) == (None, "")


@given(st.lists(INFOS, min_size=1, max_size=4))
def test_sources_never_give_a_capability_that_none_of_them_states(infos: list[ModelInfo]) -> None:
    claims = [table(**stated(info)) for info in infos]
    made = with_facts(infos[0], settled(claims))
    assert made.capabilities <= frozenset().union(*(info.capabilities for info in infos))
    assert made.unknown >= ALL - made.capabilities
