"""Which of several targets is called first, by what is known of each."""

import random
from collections import Counter
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.config import BalancingPolicy
from ymera_service.resilience.balancing import NOISE, SLOW, Option, decayed, order

PEAK, WEIGHTED, IN_TURN = BalancingPolicy
TIMES = st.floats(0, 1000)
OPTIONS = st.builds(
    Option,
    wait=st.sampled_from([0.0, 0.0, 1.5, 60.0, inf]),
    rest=st.sampled_from([0.0, 0.0, 0.5, 60.0]),
    own=st.booleans(),
    under_way=st.integers(0, 1000),
    latency=st.none() | TIMES,
    idle=TIMES,
    penalty=st.floats(1, 10),
    headroom=st.floats(0, 1),
    weight=st.floats(0.001, 1000),
    passed=st.floats(0, 10**6),
)


def best(*options: Option, policy: BalancingPolicy = PEAK) -> int:
    return order(options, policy, random.Random(1).random)[0]


@given(options=st.lists(OPTIONS, min_size=1, max_size=60), policy=st.sampled_from(BalancingPolicy), seed=st.integers())
def test_each_is_ordered_once_and_those_that_may_be_called_first(
    options: list[Option], policy: BalancingPolicy, seed: int
) -> None:
    ordered = [options[place] for place in order(options, policy, random.Random(seed).random)]
    assert sorted(map(id, ordered)) == sorted(map(id, options))
    assert [one.wait for one in ordered] == sorted(one.wait for one in options)
    callable_ones = [one for one in ordered if not one.wait]
    assert [one.rest for one in callable_ones] == sorted(one.rest for one in callable_ones)
    free = [one for one in callable_ones if one.is_free]
    assert [not one.own for one in free] == sorted(not one.own for one in free)


@given(
    latencies=st.lists(st.sampled_from([0.5, 0.7, 0.9]), min_size=1, max_size=8),
    calls=st.integers(1, 300),
    seed=st.integers(),
)
def test_calls_are_shared_by_latency(latencies: list[float], calls: int, seed: int) -> None:
    options, draw = [Option(latency=latency) for latency in latencies], random.Random(seed).random
    for _ in range(calls):
        options[order(options, PEAK, draw)[0]].under_way += 1
    usual = sorted(latencies)[len(latencies) // 4]
    for one in options:
        one.latency = usual if usual / NOISE < (one.latency or 0) < NOISE * usual else one.latency
    # None has more than another would have if it took one more: the greedy choice is as fair as whole calls can be.
    for one in options:
        for other in options:
            assert one.under_way * (one.latency or 0) <= (other.under_way + 1) * (other.latency or 0) + 1e-9


@given(weights=st.lists(st.integers(1, 9), min_size=1, max_size=8), rounds=st.integers(1, 5))
def test_weighted_turns_give_each_its_weight(weights: list[int], rounds: int) -> None:
    options = [Option(weight=weight) for weight in weights]
    calls = Counter[int]()
    for _ in range(rounds * sum(weights)):
        first = order(options, WEIGHTED, random.Random(1).random)[0]
        options[first].passed += 1 / options[first].weight
        calls[first] += 1
    assert all(abs(calls[place] - rounds * weight) <= 1 for place, weight in enumerate(weights))


def test_the_quickest_is_called_until_it_has_more_to_do() -> None:
    quick, other = Option(latency=1.0), Option(latency=1.5)
    assert best(other, quick) == 1
    quick.under_way = 1
    assert best(other, quick) == 0


def test_one_that_is_not_known_is_taken_for_as_quick_as_the_others() -> None:
    assert best(Option(latency=2.0, under_way=1), Option()) == 1
    assert best(Option(latency=2.0), Option(under_way=1)) == 0


def test_what_is_alike_gets_as_many_calls() -> None:
    options, calls, draw = [Option(latency=1 + number / 40) for number in range(10)], Counter[int](), random.Random(1)
    for _ in range(1000):
        calls[order(options, PEAK, draw.random)[0]] += 1
    assert min(calls[place] for place in range(10)) > 70


def test_a_much_slower_one_is_called_only_where_the_others_are_very_busy() -> None:
    slow = Option(latency=5.0)
    assert best(slow, Option(latency=1.0, under_way=40)) == 1
    assert best(slow, Option(latency=1.0, under_way=60)) == 0


def test_what_was_slow_once_gets_another_call_after_a_while() -> None:
    quick = Option(latency=1.0, under_way=3)
    assert [best(Option(latency=5.0, idle=idle), quick) for idle in (0, 30, 60)] == [1, 1, 0]


def test_what_failed_lately_gets_no_call_while_others_do_well() -> None:
    assert best(Option(penalty=SLOW + 0.1), Option(under_way=15)) == 1
    assert best(Option(penalty=SLOW), Option(under_way=2)) == 0


def test_calls_follow_what_is_left_of_rate_limits() -> None:
    assert best(Option(headroom=0.5), Option(headroom=1.0, under_way=0)) == 1
    assert best(Option(headroom=0.5), Option(headroom=1.0, under_way=2)) == 0
    assert best(Option(headroom=0.0), Option(headroom=0.02)) == 1


def test_a_weight_counts_for_the_default_policy_too() -> None:
    assert best(Option(weight=3.0, under_way=1), Option()) == 0
    assert best(Option(weight=3.0, under_way=3), Option()) == 1


def test_of_many_the_luckiest_does_not_make_the_others_slow() -> None:
    lucky, others = Option(latency=0.01, under_way=2), [Option(latency=0.1) for _ in range(9)]
    assert best(lucky, *others) == 0
    lucky.under_way = 10
    assert best(lucky, *others) != 0


@pytest.mark.parametrize("policy", [WEIGHTED, IN_TURN])
def test_in_turn_what_is_slow_has_its_turn_too(policy: BalancingPolicy) -> None:
    assert best(Option(latency=9.0, passed=1), Option(latency=1.0, passed=2), policy=policy) == 0


@given(value=TIMES, towards=TIMES, seconds=TIMES)
def test_decay_stays_between_its_ends(value: float, towards: float, seconds: float) -> None:
    assert min(value, towards) - 1e-9 <= decayed(value, towards, seconds) <= max(value, towards) + 1e-9
