from hypothesis import given
from hypothesis import strategies as st

from tests.unit.routing.conftest import Routing
from ymera_service.sdk.models import ModelInfo
from ymera_service.storage.records import BenchmarkSummary

NAMES = [f"m{number}" for number in range(4)]
SCORES = st.floats(0, 1)
TASKS = st.integers(1, 60)
CATEGORIES = st.sampled_from(["coding", "general", "math"])
MEASURED = st.dictionaries(
    st.tuples(st.sampled_from(["p/m0", "p/m1", "p/m2"]), CATEGORIES), st.tuples(SCORES, TASKS), min_size=1
)


@given(measured=MEASURED, category=CATEGORIES, better=SCORES, tasks=TASKS)
def test_a_better_measurement_never_lowers_a_models_rank(
    measured: dict[tuple[str, str], tuple[float, int]], category: str, better: float, tasks: int
) -> None:
    routing = Routing({"p": [ModelInfo(name) for name in NAMES]})
    low, high = sorted((better, measured.get(("p/m0", category), (better / 2, tasks))[0]))
    ranks = []
    for score in (low, high):
        changed = measured | {("p/m0", category): (score, tasks)}
        routing.evidence.load(BenchmarkSummary(*key, n, value, 1.0) for key, (value, n) in changed.items())
        scores = {each.target.model: each.components[0].value for each in routing.decide().candidates}
        ranks.append(sum(value > scores["p/m0"] + 1e-9 for value in scores.values()))
    assert ranks[1] <= ranks[0]
