"""Which arm a request gets: the same for a unit at any time and on any server, in the shares that are configured."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ymera_service.config import ExperimentSettings
from ymera_service.routing.decision import ANY_PREFERENCES, Assignment, Preferences, Weights
from ymera_service.routing.experiments import Asker, Experiment, shares_of, shares_text
from ymera_service.sdk.context import Attribution

UNITS = [f"unit-{number}" for number in range(4000)]
NOBODY = Asker("", Attribution(), "request")


def experiment(name: str = "e", **table: Any) -> Experiment:
    arms = table.pop("arms", {"control": {"share": 0.5}, "other": {"share": 0.5, "policy": "fastest"}})
    return Experiment(name, ExperimentSettings(arms=arms, **table))


def with_shares(**shares: float) -> Experiment:
    return experiment(arms={arm: {"share": share} for arm, share in shares.items()})


def assigned(one: Experiment) -> dict[str, str]:
    return {unit: one.arm_of(unit) for unit in UNITS}


def moves(before: Experiment, after: Experiment) -> Counter[tuple[str, str]]:
    """Returns how many units went from one arm to another; those of no arm have an empty name."""
    old, new = assigned(before), assigned(after)
    return Counter((old[unit], new[unit]) for unit in UNITS if old[unit] != new[unit])


@settings(max_examples=20)
@given(st.lists(st.integers(1, 20), min_size=2, max_size=5), st.integers(0, 100))
def test_units_are_divided_by_the_shares(parts: list[int], rest: int) -> None:
    whole = sum(parts) + rest
    shares = {f"arm-{place}": part / whole for place, part in enumerate(parts)}
    counts = Counter(assigned(with_shares(**shares)).values())
    for arm, share in {**shares, "": rest / whole}.items():
        assert abs(counts[arm] / len(UNITS) - share) < 0.04  # five standard deviations


def test_larger_shares_for_all_only_add_units() -> None:
    moved = moves(with_shares(a=0.05, b=0.05), with_shares(a=0.4, b=0.4))
    assert {old for old, _ in moved} == {""}


def test_a_share_that_grows_at_the_cost_of_another_moves_units_from_that_one_alone() -> None:
    moved = moves(with_shares(a=0.5, b=0.5), with_shares(a=0.3, b=0.7))
    assert set(moved) == {("a", "b")}
    assert moved["a", "b"] / len(UNITS) == pytest.approx(0.2, abs=0.03)


def test_the_arm_depends_on_nothing_but_name_salt_and_unit() -> None:
    assert assigned(experiment()) == assigned(experiment(unit="request", categories=["math"]))
    assert experiment().arm_of("unit-1") == "other"  # written down, as it must be the same in any later version
    assert experiment().arm_of("unit-3") == "control"
    for other in (experiment("f"), experiment(salt="2")):
        same = sum(arm == other.arm_of(unit) for unit, arm in assigned(experiment()).items())
        assert same / len(UNITS) == pytest.approx(0.5, abs=0.04)


def test_two_experiments_divide_units_independently() -> None:
    both = Counter(zip(assigned(experiment("e")).values(), assigned(experiment("f")).values(), strict=True))
    assert all(count / len(UNITS) == pytest.approx(0.25, abs=0.035) for count in both.values())


def asked(one: Experiment, preferences: Preferences = ANY_PREFERENCES, asker: Asker = NOBODY) -> Assignment | None:
    return one.assign(preferences, asker, "coding")


def test_a_session_keeps_its_arm_and_is_that_of_its_caller() -> None:
    one = experiment(unit="session")
    arms = {
        (caller, session): asked(one, Preferences(session_id=session), Asker(caller, Attribution(), "any"))
        for caller in ("a", "b")
        for session in UNITS[:40]
    }
    assert all(arm is not None for arm in arms.values())
    assert any(arms["a", session] != arms["b", session] for session in UNITS[:40])
    assert asked(one, ANY_PREFERENCES) is None


@pytest.mark.parametrize(
    ("unit", "asker"),
    [
        ("caller", Asker("checkout", Attribution(), "r")),
        ("end_user", Asker("", Attribution(end_user="u"), "r")),
        ("request", Asker("", Attribution(), "r")),
    ],
)
def test_each_kind_of_unit_is_read_from_where_it_is_stated(unit: str, asker: Asker) -> None:
    one = experiment(unit=unit)
    assert asked(one, asker=asker) is not None
    assert asked(one, asker=Asker("", Attribution(), "")) is None


@pytest.mark.parametrize(
    ("table", "asker"),
    [
        ({"categories": ["math"]}, NOBODY),
        ({"callers": ["checkout"]}, Asker("search", Attribution(), "r")),
        ({"agents": ["support"]}, Asker("", Attribution("sales"), "r")),
        ({"labels": {"team": "a", "x": "y"}}, Asker("", Attribution(labels={"team": "a"}), "r")),
    ],
)
def test_only_requests_that_meet_the_conditions_take_part(table: dict[str, Any], asker: Asker) -> None:
    assert asked(experiment(unit="request", **table), asker=asker) is None
    meets = Asker("checkout", Attribution("support", labels={"team": "a", "x": "y", "z": ""}), "r")
    met: dict[str, Any] = {name: ["coding"] if name == "categories" else value for name, value in table.items()}
    assert asked(experiment(unit="request", **met), asker=meets) is not None


@pytest.mark.parametrize(
    ("preferences", "takes_part"),
    [
        (Preferences(model="p/a"), False),
        (Preferences(policy="fastest"), False),
        (Preferences(weights=Weights(1, 0, 0)), True),
        (Preferences(max_cost_micros=5), True),
    ],
)
def test_a_request_that_states_what_the_arms_set_takes_no_part(preferences: Preferences, takes_part: bool) -> None:
    assert (asked(experiment(unit="request"), preferences) is not None) is takes_part


def test_weights_count_as_stated_where_an_arm_sets_them() -> None:
    one = experiment(unit="request", arms={"a": {"share": 0.5}, "b": {"share": 0.5, "cost_quality": 0.2}})
    assert asked(one, Preferences(weights=Weights(1, 0, 0))) is None
    assert asked(one, Preferences(policy="fastest")) is not None


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,9}", fullmatch=True)


@given(st.dictionaries(NAMES, st.floats(1e-6, 1), min_size=2))
def test_shares_are_read_as_they_were_written(shares: dict[str, float]) -> None:
    assert shares_of(shares_text(shares)) == pytest.approx(shares, rel=1e-4)


def test_shares_above_the_whole_are_refused() -> None:
    with pytest.raises(ValueError, match=r"add up to 1\.1"):
        with_shares(a=0.6, b=0.5)
    with_shares(a=0.1, b=0.2, c=0.7)
    with_shares(a=1 / 3, b=1 / 3, c=1 / 3)
