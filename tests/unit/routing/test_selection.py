"""A selection is a function of its inputs and agrees with the rules and formulas written for one target."""

from collections import Counter
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.routing.reference import Reference
from ymera_service.catalog import CatalogSnapshot
from ymera_service.catalog.versions import from_json, model_of, to_json
from ymera_service.routing.decision import SHOWN, Decision, ExclusionReason, Preferences, Weights
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.routing.learning.latency import Pace
from ymera_service.routing.learning.quality import Qualities
from ymera_service.routing.prompts.estimate import Needs
from ymera_service.routing.selection import select
from ymera_service.routing.sessions.affinity import NO_AFFINITY, Affinity
from ymera_service.routing.snapshot import RANKED, RoutingRequest, Snapshot
from ymera_service.routing.table import Table
from ymera_service.sdk.errors import NoEligibleModel, NoHealthyModel
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.models import Capability, Kind, Model, ModelInfo, Price
from ymera_service.sdk.targets import Deployment, Target
from ymera_service.storage.records import BenchmarkSummary

COUNT = 1_000
CATEGORIES = ("coding", "general", "math")
WEIGHTS = Weights(0.6, 0.15, 0.25)
SEEDS = st.integers(0, 2**64 - 1)
RATES = st.sampled_from([0, 1, 99_999, 2_500_000, 75_000_000])
INFOS = st.builds(
    ModelInfo,
    st.just("m"),
    kind=st.sampled_from([Kind.GENERATE] * 7 + [Kind.EMBED]),
    deployments=st.sampled_from(
        [(Deployment(),), (Deployment("a", "eu"), Deployment("a", "us")), (Deployment("b"), Deployment("a"))]
    ),
    capabilities=st.frozensets(st.sampled_from(Capability)),
    unknown=st.frozensets(st.sampled_from(Capability)),
    context_window=st.sampled_from([0, 500, 8_000, 200_000]),
    max_output_tokens=st.sampled_from([0, 100, 8_000]),
    price=st.none() | st.builds(Price, RATES, RATES),
    simulated=st.sampled_from([False] * 5 + [True]),
    stated_quality=st.dictionaries(st.sampled_from(CATEGORIES), st.floats(0, 1), max_size=2),
)
KINDS_OF_MODEL = st.lists(INFOS, min_size=1, max_size=12)
SUMMARIES = st.lists(
    st.tuples(st.integers(0, 11), st.sampled_from(CATEGORIES), st.integers(1, 60), st.floats(0, 1)), max_size=20
)
CALLS = st.lists(st.tuples(st.integers(0, 11), st.integers(1, 900), st.floats(0, 3), st.floats(0, 300)), max_size=8)
PREFERENCES = st.builds(
    Preferences,
    weights=st.none() | st.builds(Weights, st.floats(0, 10), st.floats(0, 10), st.floats(0.1, 10)),
    allow_models=st.sampled_from([(), (), ("*",), ("p/*", "q/*[13579]"), ("q/m-11", "p/*0")]),
    deny_models=st.sampled_from([(), (), ("*[7-9]",), ("m-0", "p/*")]),
    required_capabilities=st.frozensets(st.sampled_from(Capability), max_size=1),
    max_cost_micros=st.none() | st.integers(0, 3_000),
    max_latency=st.none() | st.floats(0.1, 50),
    prefer_free=st.booleans(),
    caller_models=st.sampled_from([(), (), ("*",), ("p/*0", "m-11", "q/*[13]", "gone/*")]),
)
OPEN = st.dictionaries(
    st.sampled_from(["p#a", "q@eu", "q#", "p/m-0", "q/m-1#b", "gone/m"]), st.floats(0, 20), max_size=3
)


def needs_of(tokens: int, limit: int | None) -> Needs:
    typical = 400 if limit is None else min(limit, 400)
    return Needs(frozenset(), tokens, typical, Usage(tokens, 400 if limit is None else limit), limit or 1, limit or 0)


NEEDS = st.builds(needs_of, st.integers(1, 20_000), st.none() | st.integers(1, 20_000))
SHARES = st.lists(st.floats(0.01, 1), min_size=len(CATEGORIES), max_size=len(CATEGORIES)).map(
    lambda shares: {name: share / sum(shares) for name, share in zip(CATEGORIES, shares, strict=True)}
)


def catalogue(infos: list[ModelInfo], count: int = COUNT, errors: tuple[str, ...] = ()) -> CatalogSnapshot:
    """Returns `count` models, alternately of two providers, each like one of the infos."""
    models = [
        model_of("pq"[number % 2], replace(info, name=f"m-{number}"), info.price)
        for number in range(count)
        for info in [infos[number % len(infos)]]
    ]
    return CatalogSnapshot({model.id: model for model in models}, dict.fromkeys(errors, "connection refused"))


def evidence_of(catalog: CatalogSnapshot, summaries: list[tuple[int, str, int, float]]) -> Evidence:
    """Returns what was measured; every twelfth model has the same results."""
    evidence = Evidence()
    evidence.load(
        BenchmarkSummary(model, category, tasks, score, 2.0 + kind)
        for kind, category, tasks, score in {row[:2]: row for row in summaries}.values()
        for model in list(catalog.models)[kind::12]
    )
    return evidence


def snapshot_of(catalog: CatalogSnapshot, evidence: Evidence, *, exploration: float = 0.0, seed: int = 7) -> Snapshot:
    table = Table(catalog, Qualities(evidence.benchmarks))
    return Snapshot(table, evidence.paces(table.targets), WEIGHTS, exploration, {}, NO_AFFINITY, seed)


def a_request(preferences: Preferences | None = None, *, full_view: bool = True) -> RoutingRequest:
    return RoutingRequest(preferences or Preferences(), {"coding": 0.7, "general": 0.3}, needs_of(100, None), full_view)


def attempt(request: RoutingRequest, snapshot: Snapshot) -> Decision | str:
    try:
        return select(request, snapshot).decision
    except (NoEligibleModel, NoHealthyModel) as error:
        return error.message


def pace_of(target: Target, snapshot: Snapshot) -> Pace | None:
    return snapshot.paces.by_row[snapshot.table.rows[target.pool]]


@dataclass(frozen=True)
class Case:
    """A request and all that is known."""

    infos: list[ModelInfo]
    summaries: list[tuple[int, str, int, float]]
    calls: list[tuple[int, int, float, float]]
    preferences: Preferences
    needs: Needs
    shares: dict[str, float]
    open_domains: dict[str, float]
    count: int
    errors: tuple[str, ...]
    seed: int
    size: float


CASES = st.builds(
    Case,
    infos=KINDS_OF_MODEL,
    summaries=SUMMARIES,
    calls=CALLS,
    preferences=PREFERENCES,
    needs=NEEDS,
    shares=SHARES,
    open_domains=OPEN,
    count=st.sampled_from([12, 13, COUNT]),
    errors=st.sampled_from([(), ("absent",)]),
    seed=SEEDS,
    size=st.sampled_from([1.0, 0.25, 2.7]),
)


@settings(max_examples=60)
@given(case=CASES)
def test_every_target_is_ranked_by_its_score_or_excluded_for_the_first_reason_that_applies(case: Case) -> None:
    catalog = catalogue(case.infos, case.count, case.errors)
    evidence = evidence_of(catalog, case.summaries)
    truth = Reference(catalog, Qualities(evidence.benchmarks), case.preferences, case.needs, case.open_domains)
    models = dict(truth.targets())
    for kind, tokens, first, rest in case.calls:
        for target in list(models)[kind::12]:
            evidence.observe(target.pool, output_tokens=tokens, time_to_first_token=first, duration=first + rest)
    snapshot = replace(snapshot_of(catalog, evidence, seed=case.seed), open_domains=case.open_domains, size=case.size)
    reasons = {target.id: truth.reason(target, model, pace_of(target, snapshot)) for target, model in models.items()}
    decision = attempt(RoutingRequest(case.preferences, case.shares, case.needs, full_view=True), snapshot)
    if isinstance(decision, str):
        assert not {None, ExclusionReason.UNHEALTHY} & set(reasons.values())
        return
    if None not in reasons.values():  # where every target that may answer is failing, all of those are tried
        failing = {key for key, reason in reasons.items() if reason is ExclusionReason.UNHEALTHY}
        reasons |= dict.fromkeys(failing)
    excluded = {target_id: reason for target_id, reason in reasons.items() if reason is not None}
    assert {candidate.target.id for candidate in decision.candidates} == reasons.keys() - excluded.keys()
    assert len(decision.candidates) + len(excluded) == len(reasons)
    assert {each.target.id: each.reason for each in decision.excluded} == excluded
    assert {each.example.reason: each.count for each in decision.exclusions} == Counter(excluded.values())
    stated = (case.preferences.weights or WEIGHTS).normalised()
    weights = Weights(stated.quality, stated.speed, stated.cost * case.size).normalised()
    for candidate in decision.candidates[:: max(1, len(decision.candidates) // 50)]:
        model, pace = models[candidate.target], pace_of(candidate.target, snapshot)
        assert candidate.score == pytest.approx(truth.score(model, case.shares, weights, pace), abs=1e-9)
        assert candidate.expected_cost_micros == truth.cost(model, truth.needs.output_tokens)
        assert all(0 <= part.value <= 1 for part in candidate.components)
    free_first = case.preferences.prefer_free
    ranks = [(free_first and each.expected_cost_micros != 0, -each.score) for each in decision.candidates]
    assert ranks == sorted(ranks)


@settings(max_examples=25)
@given(
    infos=KINDS_OF_MODEL,
    preferences=PREFERENCES,
    seed=SEEDS,
    exploration=st.sampled_from([0.0, 0.5]),
    affinity=st.sampled_from(["", "p/m-0", "q/m-1#b"]),
)
def test_the_same_snapshot_and_seed_give_the_same_selection_however_much_of_it_is_shown(
    infos: list[ModelInfo], preferences: Preferences, seed: int, exploration: float, affinity: str
) -> None:
    catalog = catalogue(infos)
    snapshot = replace(
        snapshot_of(catalog, Evidence(), exploration=exploration, seed=seed), affinity=Affinity(affinity, 0.1)
    )
    again = replace(
        snapshot_of(catalogue(infos), Evidence(), exploration=exploration, seed=seed), affinity=Affinity(affinity, 0.1)
    )
    short, full = a_request(preferences, full_view=False), a_request(preferences)
    decision = attempt(short, snapshot)
    assert attempt(short, again) == decision
    shown = attempt(full, snapshot)
    if isinstance(decision, str) or isinstance(shown, str):
        assert decision == shown
        return
    assert select(full, snapshot).ranking == select(short, snapshot).ranking
    assert replace(shown, candidates=shown.candidates[:SHOWN], excluded=()) == decision
    assert [each.target for each in shown.candidates[:RANKED]] == list(select(short, snapshot).ranking)


@settings(max_examples=20)
@given(infos=KINDS_OF_MODEL, summaries=SUMMARIES, count=st.integers(13, 60))
def test_a_score_does_not_depend_on_other_targets(
    infos: list[ModelInfo], summaries: list[tuple[int, str, int, float]], count: int
) -> None:
    infos = [replace(info, simulated=False, kind=Kind.GENERATE) for info in infos]
    large = catalogue(infos)
    evidence = evidence_of(large, summaries)
    scores = []
    for catalog in (catalogue(infos, count), large):
        decision = select(a_request(), snapshot_of(catalog, evidence)).decision
        scores.append({candidate.target.id: candidate.score for candidate in decision.candidates})
    assert scores[0] == pytest.approx({key: scores[1][key] for key in scores[0]}, rel=1e-12)


def test_a_thousand_equal_models_are_equally_likely_to_be_the_first() -> None:
    snapshot = snapshot_of(catalogue([ModelInfo("m")]), Evidence())
    firsts: Counter[bool] = Counter()
    for seed in range(600):
        selection = select(a_request(full_view=False), replace(snapshot, seed=seed))
        assert selection.decision.propensity == pytest.approx(1 / COUNT)
        firsts[selection.ranking[0].id < "p/m-5"] += 1
    assert firsts[True] / 600 == pytest.approx(0.222, abs=0.07)


def test_a_short_decision_among_a_thousand_ranks_sixteen_and_shows_five() -> None:
    selection = select(a_request(full_view=False), snapshot_of(catalogue([ModelInfo("m")]), Evidence()))
    assert len(selection.ranking) == RANKED
    assert len(selection.decision.candidates) == SHOWN
    assert selection.decision.candidate_count == COUNT
    assert selection.decision.excluded == ()
    assert f"best balance of {COUNT} candidates" in selection.decision.explanation


def test_models_that_do_not_generate_are_neither_ranked_nor_excluded() -> None:
    embeds = ModelInfo("embeds", kind=Kind.EMBED)
    catalog = CatalogSnapshot(
        {model.id: model for model in (model_of("p", embeds, None), model_of("p", ModelInfo("m"), None))}, {}
    )
    decision = select(a_request(), snapshot_of(catalog, Evidence())).decision
    assert [candidate.target.id for candidate in decision.candidates] == ["p/m"]
    assert decision.exclusions == ()
    with pytest.raises(NoEligibleModel, match="1 not allowed"):
        select(a_request(Preferences(allow_models=("p/embeds",))), snapshot_of(catalog, Evidence()))


def test_inputs_are_not_changed() -> None:
    catalog = catalogue([ModelInfo("m", price=Price(5, 5)), ModelInfo("m")], 40)
    snapshot = replace(snapshot_of(catalog, Evidence()), affinity=Affinity("p/m-0"))
    request = a_request(Preferences(max_cost_micros=100, deny_models=("q/m-1",)))
    columns = [
        snapshot.table.windows,
        snapshot.table.hashes,
        snapshot.table.costs.unknown,
        snapshot.paces.columns.first_token,
    ]
    before = [column.tobytes() for column in columns]
    select(request, snapshot)
    assert [column.tobytes() for column in columns] == before
    assert not any(column.flags.writeable for column in columns)


def test_exclusions_and_scores_can_be_computed_again_from_the_stored_version_of_the_catalogue() -> None:
    infos = [
        ModelInfo("m", price=Price(10**6, 10**6), context_window=500, stated_quality={"coding": 0.9}),
        ModelInfo("m", price=Price(10**9, 10**9), deployments=(Deployment("a"), Deployment("b"))),
        ModelInfo("m", simulated=True),
        ModelInfo("m", kind=Kind.EMBED),
    ]
    catalog = catalogue(infos)
    request = a_request(Preferences(max_cost_micros=1_000, deny_models=("*7",)))
    decision = select(request, snapshot_of(catalog, Evidence())).decision
    stored: dict[str, Model] = from_json(to_json(catalog.models.values()))
    read = CatalogSnapshot(stored, {})
    assert read.version == decision.inputs.catalog_version
    assert select(request, snapshot_of(read, Evidence())).decision == decision
