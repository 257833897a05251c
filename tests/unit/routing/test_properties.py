from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.routing.conftest import Room
from ymera_service.config import RoutingSettings
from ymera_service.routing.decision import Candidate, Decision, Preferences, Weights
from ymera_service.routing.policy import arrange
from ymera_service.sdk.errors import NoEligibleModel, NoHealthyModel
from ymera_service.sdk.models import Capability, ModelInfo, Price
from ymera_service.storage.records import BenchmarkSummary

NAMES = [f"m{number}" for number in range(5)]
PRICES = st.none() | st.builds(Price, st.sampled_from([0, 100_000, 5_000_000]), st.sampled_from([0, 400_000]))
INFOS = st.lists(
    st.builds(
        ModelInfo,
        name=st.sampled_from(NAMES),
        capabilities=st.frozensets(st.sampled_from(Capability), max_size=3),
        context_window=st.sampled_from([0, 100, 100_000]),
        price=PRICES,
        simulated=st.booleans(),
    ),
    unique_by=lambda info: info.name,
    min_size=1,
)
WISHES = st.builds(
    Preferences,
    weights=st.none() | st.builds(Weights, st.floats(0, 10), st.floats(0, 10), st.floats(0.1, 10)),
    allow_models=st.sampled_from([(), ("*",), ("p/m[01]",), ("p/m?",)]),
    deny_models=st.sampled_from([(), ("*[1-9]",)]),
    required_capabilities=st.frozensets(st.sampled_from(Capability), max_size=1),
    max_cost_micros=st.none() | st.integers(0, 3_000),
    max_latency=st.none() | st.floats(0.1, 50),
    prefer_free=st.booleans(),
)
CANDIDATES = st.lists(
    st.tuples(st.sampled_from([0.1, 0.5, 0.9]), st.sampled_from([None, 0, 10])), min_size=1, max_size=4
).map(lambda pairs: [Candidate(f"p/{index}", score, (), cost) for index, (score, cost) in enumerate(pairs)])


def attempt(room: Room, wishes: Preferences, seed: int) -> Decision | None:
    try:
        return room.decide("hello " * 100, wishes, seed=seed)
    except (NoEligibleModel, NoHealthyModel):
        return None


@settings(max_examples=60, deadline=None)
@given(infos=INFOS, wishes=WISHES, broken=st.booleans(), seed=st.integers(0, 2**64 - 1))
def test_every_model_is_either_a_candidate_or_excluded_and_the_seed_repeats_the_decision(
    infos: list[ModelInfo], wishes: Preferences, broken: bool, seed: int
) -> None:
    infos = [*infos, *(ModelInfo(name) for name in ("m0", "m1", "m9") if name not in {i.name for i in infos})]
    room = Room({"p": infos}, RoutingSettings(exploration=0.3))
    if broken:
        room.fail("p/m0")
    decision = attempt(room, wishes, seed)
    assert attempt(room, wishes, seed) == decision
    if decision is not None:
        named = [candidate.model for candidate in decision.candidates] + [e.model for e in decision.exclusions]
        assert sorted(named) == list(room.catalog.models)
        assert 0 < decision.propensity <= 1


@given(candidates=CANDIDATES, exploration=st.sampled_from([0.0, 0.1, 1.0]), prefer_free=st.booleans())
def test_propensities_of_all_possible_firsts_add_up_to_one(
    candidates: list[Candidate], exploration: float, prefer_free: bool
) -> None:
    propensities: dict[str, float] = {}
    for seed in range(300):
        order = arrange(candidates, prefer_free=prefer_free, exploration=exploration, seed=seed)
        assert propensities.setdefault(order.candidates[0].model, order.propensity) == order.propensity
    if exploration == 0.1:
        assert sum(propensities.values()) <= 1 + 1e-9
    else:
        assert abs(sum(propensities.values()) - 1) < 1e-9


def test_a_first_comes_as_often_as_its_propensity_says() -> None:
    candidates = [Candidate("a", 0.9, ()), Candidate("b", 0.9, ()), Candidate("c", 0.2, ())]
    firsts = [arrange(candidates, exploration=0.3, seed=seed) for seed in range(4_000)]
    counts = Counter(order.candidates[0].model for order in firsts)
    told = {order.candidates[0].model: order.propensity for order in firsts}
    for model, propensity in told.items():
        assert abs(counts[model] / 4_000 - propensity) < 0.03
    assert abs(sum(told.values()) - 1) < 1e-9


@given(candidates=CANDIDATES, prefer_free=st.booleans(), seed=st.integers(0, 2**64 - 1))
def test_candidates_are_tried_by_score_and_free_ones_first_where_preferred(
    candidates: list[Candidate], prefer_free: bool, seed: int
) -> None:
    ordered = arrange(candidates, prefer_free=prefer_free, seed=seed).candidates
    keys = [(prefer_free and candidate.expected_cost_micros != 0, -candidate.score) for candidate in ordered]
    assert keys == sorted(keys)
    assert Counter(candidate.model for candidate in ordered) == Counter(candidate.model for candidate in candidates)


SCORES = st.floats(0, 1)
MEASURED = st.dictionaries(
    st.tuples(st.sampled_from(["p/m0", "p/m1", "p/m2"]), st.sampled_from(["coding", "general", "math"])),
    st.tuples(SCORES, st.integers(1, 60)),
    min_size=1,
)


@settings(deadline=None)
@given(
    measured=MEASURED, category=st.sampled_from(["coding", "general", "math"]), better=SCORES, tasks=st.integers(1, 60)
)
def test_a_better_measurement_never_lowers_a_models_rank(
    measured: dict[tuple[str, str], tuple[float, int]], category: str, better: float, tasks: int
) -> None:
    room = Room({"p": [ModelInfo(name) for name in NAMES[:4]]})
    low, high = sorted((better, measured.get(("p/m0", category), (better / 2, tasks))[0]))
    ranks = []
    for score in (low, high):
        changed = measured | {("p/m0", category): (score, tasks)}
        room.evidence.load(BenchmarkSummary(*key, n, value, 1.0) for key, (value, n) in changed.items())
        scores = {c.model: c.components[0].value for c in room.decide().candidates}
        ranks.append(sum(value > scores["p/m0"] + 1e-9 for value in scores.values()))
    assert ranks[1] <= ranks[0]


@settings(max_examples=50, deadline=None)
@given(measured=MEASURED)
def test_a_candidates_score_does_not_depend_on_which_others_there_are(
    measured: dict[tuple[str, str], tuple[float, int]],
) -> None:
    summaries = [BenchmarkSummary(*key, tasks, score, 1.0) for key, (score, tasks) in measured.items()]
    scores = []
    for names in (NAMES[:2], NAMES):
        room = Room({"p": [ModelInfo(name, price=Price(1_000_000, 1_000_000)) for name in names]})
        room.evidence.load(summaries)
        scores.append({c.model: c.score for c in room.decide().candidates})
    assert scores[0].items() <= scores[1].items()
