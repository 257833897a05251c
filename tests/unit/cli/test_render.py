"""What is shown, as on a terminal."""

import io
from collections.abc import Iterable

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console, RenderableType
from ymera.v1 import (
    admin_pb2,
    benchmarks_pb2,
    catalog_pb2,
    content_pb2,
    errors_pb2,
    experiments_pb2,
    routing_pb2,
    usage_pb2,
    ymera_pb2,
)

from ymera_service.cli.render import benchmark, catalog, execution, experiments, health, past_benchmarks, plugins
from ymera_service.cli.render.decision import SHOWN, attempts, decision

TWO_SECONDS = Duration(seconds=2)


def lines(pictures: Iterable[RenderableType], width: int = 200) -> list[str]:
    console = Console(record=True, width=width, file=io.StringIO(), markup=False, highlight=False)
    console.print(*pictures, sep="\n")
    return [line.rstrip() for line in console.export_text().splitlines()]


def candidate(model: str, score: float, quality: float, **more: object) -> routing_pb2.Candidate:
    parts = [
        routing_pb2.ScoreComponent(name="quality", value=quality, weight=0.6, evidence="over 24 tasks"),
        routing_pb2.ScoreComponent(name="cost", value=1, weight=0.4, evidence="free"),
    ]
    return routing_pb2.Candidate(model=model, score=score, components=parts, **more)  # type: ignore[arg-type]


DECISION = routing_pb2.Decision(
    category="coding",
    complexity=0.376,
    emotions=[
        routing_pb2.EmotionProbability(emotion="frustration", probability=0.7),
        routing_pb2.EmotionProbability(emotion="neutral", probability=0.25),
        routing_pb2.EmotionProbability(emotion="joy", probability=0.05),
    ],
    category_probabilities=[
        routing_pb2.CategoryProbability(category="coding", probability=0.81),
        routing_pb2.CategoryProbability(category="math", probability=0.19),
        routing_pb2.CategoryProbability(category="empathy", probability=0.001),
    ],
    candidates=[
        candidate("acme/large", 0.94, 0.9, expected_cost_micros=120, expected_latency=TWO_SECONDS),
        candidate("acme/small", 0.7, 0.5),
    ],
    candidate_count=12,
    exclusions=[
        routing_pb2.ExclusionCount(
            reason=routing_pb2.EXCLUSION_REASON_TOO_EXPENSIVE,
            count=3,
            model="acme/dear",
            detail="$0.02 expected, above $0.01",
        )
    ],
    explanation="acme/large for coding (0.81): best quality",
)
ATTEMPTS = [
    routing_pb2.Attempt(
        turn=1,
        number=1,
        model="acme/large",
        account="key-1",
        endpoint="eu",
        duration=TWO_SECONDS,
        error=errors_pb2.Error(reason="RATE_LIMITED", message="no"),
    ),
    routing_pb2.Attempt(turn=1, number=2, model="acme/small", duration=TWO_SECONDS, time_to_first_token=TWO_SECONDS),
    routing_pb2.Attempt(turn=2, number=1, model="acme/small", duration=TWO_SECONDS),
]


def test_a_decision_shows_candidates_scores_and_exclusions() -> None:
    assert lines(decision(DECISION)) == [
        "acme/large for coding (0.81): best quality",
        "category: coding 0.81 · math 0.19; emotion: frustration 0.70 · neutral 0.25; complexity: 0.38",
        "",
        "   model       score  quality ×0.60  cost ×0.40      cost    time",
        "1  acme/large  0.940           0.90        1.00  $0.00012  2.00 s",
        "2  acme/small  0.700           0.50        1.00   unknown       ?",
        "… and 10 more; --full --json shows all",
        "",
        "why acme/large",
        "  0.540  quality  over 24 tasks",
        "  0.400  cost     free",
        "",
        "excluded  why            such as",
        "       3  too expensive  acme/dear $0.02 expected, above $0.01",
    ]


def test_a_full_view_shows_every_excluded_model() -> None:
    excluded = [
        routing_pb2.Exclusion(
            model=f"acme/{n}", account="key-1", reason=routing_pb2.EXCLUSION_REASON_DENIED, detail="denied"
        )
        for n in range(SHOWN + 5)
    ]
    shown = lines(decision(routing_pb2.Decision(excluded_targets=excluded)))
    assert "acme/0#key-1   denied  denied" in shown
    assert "… and 5 more; --full --json shows all" in shown


def test_attempts_show_their_target_and_turn() -> None:
    hedge = routing_pb2.Attempt(turn=2, number=2, model="acme/large", duration=TWO_SECONDS, hedge=True)
    assert lines([attempts([*ATTEMPTS, hedge])]) == [
        "attempt  model                  time  first token  outcome",
        "      1  acme/large#key-1@eu  2.00 s               RATE_LIMITED: no",
        "      2  acme/small           2.00 s       2.00 s  answered",
        "    2.1  acme/small           2.00 s               answered",
        "    2.2  acme/large (hedge)   2.00 s               answered",
    ]


@pytest.mark.parametrize(
    ("width", "row"),
    [
        (80, ["1", "acme/large", "0.940", "0.90", "1.00", "$0.00012", "2.00", "s"]),
        (60, ["1", "acme/large", "0.940", "0.90", "$0.00012", "2.00", "s"]),
        (40, ["1", "acme/large", "0.940", "$0.00012", "2.00", "s"]),
        (20, ["1", "acme/large", "$0.00012"]),
    ],
)
def test_a_narrow_terminal_gets_fewer_columns(width: int, row: list[str]) -> None:
    console = Console(record=True, width=width, file=io.StringIO(), markup=False, highlight=False)
    console.print(*decision(DECISION), sep="\n", crop=False)
    [first] = [line for line in console.export_text().splitlines() if line.startswith("1  acme/large")]
    assert first.split() == row


def test_of_hundreds_of_models_the_first_are_shown_and_the_rest_counted() -> None:
    made = routing_pb2.Decision(candidates=[candidate(f"acme/{n}", 1, 1) for n in range(SHOWN + 5)])
    assert "… and 5 more; --full --json shows all" in lines(decision(made))


def test_text_that_would_control_the_terminal_is_made_harmless() -> None:
    made = routing_pb2.Decision(
        explanation="\x1b]0;owned\x07x [bold]kept[/bold]",
        exclusions=[routing_pb2.ExclusionCount(model="acme/\x1b[31mred\x9b", detail="\b\r")],
    )
    shown = "\n".join(lines(decision(made)))
    assert not set(shown) & {"\x1b", "\x07", "\x9b", "\b", "\r"}
    assert "[bold]kept[/bold]" in shown


def completed(model: str, reason: content_pb2.FinishReason.ValueType) -> ymera_pb2.ExecutionCompleted:
    usage = usage_pb2.Usage(input_tokens=12, output_tokens=45, cost_micros=123)
    return ymera_pb2.ExecutionCompleted(model=model, attempts=ATTEMPTS[:2], usage=usage, finish_reason=reason)


def test_the_summary_line_shows_model_reason_tokens_cost_time_and_id() -> None:
    assert execution.summary(completed("acme/large", content_pb2.FINISH_REASON_STOP), DECISION, "r-1", 1.239) == (
        "acme/large for coding (0.81): best quality · 12 → 45 tokens · $0.000123 · 1.24 s · r-1"
    )


def test_the_summary_line_reports_failures_and_an_unusual_end() -> None:
    assert execution.summary(completed("acme/small", content_pb2.FINISH_REASON_LENGTH), DECISION, "r-1", 1.239) == (
        "acme/small after 1 failure (acme/large for coding (0.81): best quality) · 12 → 45 tokens · $0.000123 · 1.24 s"
        " · length · r-1"
    )


def test_the_summary_line_says_that_a_hedge_was_quicker() -> None:
    done = completed("acme/small", content_pb2.FINISH_REASON_STOP)
    done.attempts[0].error.reason, done.attempts[1].hedge = "CANCELLED", True
    assert execution.summary(done, DECISION, "r-1", 1.239).startswith("acme/small before a slow one (acme/large for")
    done.attempts.insert(0, ATTEMPTS[0])
    assert execution.summary(done, DECISION, "r-1", 1.239).startswith("acme/small after 1 failure before a slow one (")
    del done.attempts[:2]
    done.attempts[0].hedge = False
    assert execution.summary(done, DECISION, "r-1", 1.239).startswith("acme/small as others were busy (acme/large for")


def test_a_past_request_is_shown_with_its_attempts() -> None:
    past = routing_pb2.Execution(
        request_id="r-1",
        create_time=Timestamp(seconds=1_795_000_000),
        status=routing_pb2.EXECUTION_STATUS_FAILED,
        decision=DECISION,
        usage=usage_pb2.Usage(input_tokens=12, output_tokens=4, cost_micros=7),
        error=errors_pb2.Error(reason="RATE_LIMITED", message="too many"),
        duration=TWO_SECONDS,
        time_to_first_token=TWO_SECONDS,
        session_id="s-1",
        attribution=routing_pb2.Attribution(agent_name="tester", end_user="u-7", labels={"team": "search"}),
        attempts=ATTEMPTS[:1],
    )
    shown = lines(execution.execution(past))
    assert shown[-1] == "      1  acme/large#key-1@eu  2.00 s               RATE_LIMITED: no"
    assert shown[:6] == [
        "2026-11-18 11:06:40 UTC: failed in 2.00 s, first token after 2.00 s",
        "12 → 4 tokens · $0.000007",
        "RATE_LIMITED: too many",
        "session s-1 · agent tester · end user u-7 · team=search",
        "",
        "acme/large for coding (0.81): best quality",
    ]


def test_a_past_request_that_did_other_work_says_so() -> None:
    past = routing_pb2.Execution(
        request_id="r-1",
        create_time=Timestamp(seconds=1_795_000_000),
        status=routing_pb2.EXECUTION_STATUS_COMPLETED,
        operation=routing_pb2.OPERATION_EMBEDDINGS,
        model="acme/embed",
    )
    assert lines(execution.execution(past))[0] == "2026-11-18 11:06:40 UTC: embeddings completed"
    assert lines(execution.history([past]))[1].endswith("acme/embed embeddings")


def test_models_show_known_and_unknown_properties() -> None:
    known = catalog_pb2.Model(
        id="acme/large",
        capabilities=[routing_pb2.CAPABILITY_TOOLS, routing_pb2.CAPABILITY_STRUCTURED_OUTPUT],
        context_window=128_000,
        price=catalog_pb2.Price(
            input_micros_per_million=150_000, output_micros_per_million=10_000_000, cache_read_micros_per_million=15_000
        ),
        measured=[
            catalog_pb2.MeasuredQuality(category="coding", score=0.912, tasks=24),
            catalog_pb2.MeasuredQuality(category="math", score=0.5, tasks=4),
        ],
        available=True,
    )
    unknown = catalog_pb2.Model(id="acme/small", simulated=True, available=True)
    free = catalog_pb2.Model(id="acme/free", price=catalog_pb2.Price(), local=True, available=True)
    assert lines(catalog.models([known, unknown, free])) == [
        "model       context     $ in    $ out  $ cache  can          measured                notes",
        "acme/large  128,000     0.15       10  0.015/–  tools, json  0.71, best coding 0.91",
        "acme/small        ?  unknown  unknown                        not yet                 simulated",
        "acme/free         ?        0        0                        not yet                 local",
    ]
    [_, failing] = lines(catalog.models([catalog_pb2.Model(id="acme/small")]))
    assert failing.endswith("failing, paused")
    assert lines(catalog.models([])) == ["No provider offers a model."]


def test_models_show_their_other_rates() -> None:
    long = catalog_pb2.PriceTier(
        above_input_tokens=200_000, input_micros_per_million=300_000, output_micros_per_million=15_000_000
    )
    price = catalog_pb2.Price(cache_write_micros_per_million=3_750_000, micros_per_request=5_000, tiers=[long])
    [_, row] = lines(catalog.models([catalog_pb2.Model(id="acme/dear", price=price, available=True)]))
    assert " –/3.75 " in row
    assert row.endswith("$0.005 per request, above 200,000 input tokens $0.3 in and $15 out")


def test_plugins_show_their_state() -> None:
    active = admin_pb2.Plugin(
        name="acme",
        distribution="ymera-acme",
        version="1.2",
        state=admin_pb2.Plugin.STATE_ACTIVE,
        registrations=[admin_pb2.PluginRegistration(kind=admin_pb2.PluginRegistration.KIND_PROVIDER, name="acme")],
        origin="file:///acme",
        hooks=["ymera_describe", "ymera_register_providers"],
        settings=[
            admin_pb2.PluginSetting(
                name="api_key",
                type="SecretStr",
                default_value="required",
                value='"****"',
                source=admin_pb2.PluginSetting.SOURCE_FILE,
            )
        ],
    )
    broken = admin_pb2.Plugin(
        name="bad", distribution="bad", version="0", state=admin_pb2.Plugin.STATE_QUARANTINED, detail="KeyError: 'x'"
    )
    assert lines(plugins.plugins([active, broken])) == [
        "plugin  package         state        registers      hooks",
        "acme    ymera-acme 1.2  active       provider acme  describe, providers",
        "bad     bad 0           quarantined  KeyError: 'x'",
    ]
    assert "folder `plugins`" in lines(plugins.plugins([]))[0]
    assert lines(plugins.plugin(active)) == [
        "acme (ymera-acme 1.2), active",
        "from: file:///acme",
        "registers: provider acme",
        "hooks: describe, providers",
        "setting  type       default   value   source",
        'api_key  SecretStr  required  "****"  file',
    ]


def test_health_shows_every_part_and_its_problem() -> None:
    state = ymera_pb2.HealthResponse(
        status=ymera_pb2.HEALTH_STATUS_DEGRADED,
        network=ymera_pb2.NetworkHealth(status=ymera_pb2.HEALTH_STATUS_DEGRADED, detail="no name can be resolved"),
        version="0.1.0",
        uptime=Duration(seconds=125),
        storage=ymera_pb2.StorageHealth(status=ymera_pb2.HEALTH_STATUS_OK, backend="sqlite"),
        providers=[
            ymera_pb2.ProviderHealth(
                provider="acme",
                status=ymera_pb2.HEALTH_STATUS_DEGRADED,
                models=1,
                breakers=[
                    ymera_pb2.BreakerHealth(
                        domain="acme#key-1",
                        state=ymera_pb2.BREAKER_STATE_OPEN,
                        retry_after=TWO_SECONDS,
                        last_error="no credit",
                    )
                ],
                unreliable_targets=[
                    ymera_pb2.UnreliableTarget(
                        target="acme/m",
                        success_probability=0.81,
                        standard_deviation=0.045,
                        calls=59.7,
                        failed_calls=12.2,
                    )
                ],
            ),
            ymera_pb2.ProviderHealth(
                provider="lab",
                status=ymera_pb2.HEALTH_STATUS_DEGRADED,
                models=2,
                detail="gone",
                listing_is_stale=True,
                listed_at=Timestamp(seconds=1_795_910_400),
                pauses=[ymera_pb2.PauseHealth(domain="lab/m", retry_after=TWO_SECONDS, reason="slow down")],
            ),
            ymera_pb2.ProviderHealth(
                provider="quiet",
                status=ymera_pb2.HEALTH_STATUS_OK,
                models=1,
                breakers=[
                    ymera_pb2.BreakerHealth(
                        domain="quiet/m",
                        state=ymera_pb2.BREAKER_STATE_HALF_OPEN,
                        last_error="broken",
                        idle=Duration(seconds=125),
                    )
                ],
            ),
            ymera_pb2.ProviderHealth(
                provider="tried",
                status=ymera_pb2.HEALTH_STATUS_DEGRADED,
                models=1,
                breakers=[
                    ymera_pb2.BreakerHealth(
                        domain="tried@", state=ymera_pb2.BREAKER_STATE_HALF_OPEN, last_error="broken"
                    )
                ],
            ),
            ymera_pb2.ProviderHealth(
                provider="ollama", status=ymera_pb2.HEALTH_STATUS_ABSENT, detail="offers no models now"
            ),
        ],
        plugins=[ymera_pb2.PluginHealth(name="acme", status=ymera_pb2.HEALTH_STATUS_DISABLED)],
        background_tasks=[
            ymera_pb2.BackgroundTaskHealth(
                name="catalog refresh", status=ymera_pb2.HEALTH_STATUS_DEGRADED, restarts=2, detail="OSError: no"
            )
        ],
        limits=[
            ymera_pb2.LimitHealth(name="request bytes", in_use=3 * 2**20, limit=128 * 2**20),
            ymera_pb2.LimitHealth(name="acme/large", in_use=43, limit=43, waiting=12),
        ],
        quality_drifts=[
            ymera_pb2.QualityDrift(
                model="acme/large",
                category="coding",
                quality_before=0.9,
                quality_after=0.4,
                detail="got worse since 2026-11-24 08:00 UTC",
            ),
            ymera_pb2.QualityDrift(model="lab/m", category="math", quality_before=0.4, quality_after=0.9, detail="…"),
        ],
        in_flight_requests=3,
        detail="the state in one sentence",
    )
    assert lines(health.health(state)) == [
        "degraded · version 0.1.0 · up 2 min 5 s · 3 requests in progress, 0 queued",
        "the state in one sentence",
        "",
        "            name             state     detail",
        "storage     sqlite           ok",
        "network                      degraded  no name can be resolved",
        (
            "provider    acme             degraded  1 model"
            " · acme#key-1: breaker open, tried again in 2.00 s (no credit)"
            " · acme/m: 12 of about 60 recent calls failed, 0.81 ± 0.04 succeed"
        ),
        (
            "provider    lab              degraded  2 models · stale listing of 2026-11-29 00:00 UTC: gone"
            " · lab/m: paused by its provider for 2.00 s (slow down)"
        ),
        (
            "provider    quiet            ok        1 model"
            " · quiet/m: breaker half open, not called for 2 min 5 s (broken)"
        ),
        "provider    tried            degraded  1 model · tried@: breaker half open, being tried again (broken)",
        "provider    ollama           absent    offers no models now",
        "plugin      acme             disabled",
        "background  catalog refresh  degraded  OSError: no · restarted 2 times",
        "quality     acme/large       worse     coding: got worse since 2026-11-24 08:00 UTC",
        "quality     lab/m            better    math: …",
        "limit       request bytes              3 of 128 MiB in use",
        "limit       acme/large                 43 of 43 in use · 12 waiting",
    ]


def test_an_experiments_arms_are_shown_with_their_differences() -> None:
    pb = experiments_pb2
    quality = pb.ExperimentFigure(mean=0.8, units=120)
    better = pb.ExperimentFigure(mean=0.9, units=115, difference=0.1, low=-0.01, high=0.21)
    found = pb.GetExperimentResponse(
        experiment=pb.Experiment(name="cheaper", unit=pb.EXPERIMENT_UNIT_END_USER, active=True),
        results=[
            pb.ExperimentResult(arm="control", requests=300, units=150, quality=quality),
            pb.ExperimentResult(
                arm="cheap",
                requests=290,
                units=140,
                quality=better,
                cost_micros=pb.ExperimentFigure(mean=120.4, units=140, difference=-30.0, low=-50.0, high=-10.0),
            ),
        ],
        sample_ratio_mismatch="units of each arm: …",
    )
    assert lines(experiments.results(found)) == [
        "cheaper: active, by end user",
        "The differences can't be trusted; units of each arm: …",
        "",
        "arm      requests  units",
        "control       300    150",
        "cheap         290    140",
        "",
        "figure             arm           mean  units  difference  95 % interval",
        "quality            control      0.800    120",
        "quality            cheap        0.900    115      +0.100  -0.010 to 0.210",
        "cost of a request  cheap    $0.000120    140  -$0.000030  -$0.000050 to -$0.000010",
    ]
    assert lines(experiments.results(found), 40)[-8:] == [
        "figure    arm           mean  difference",
        "quality   control      0.800",
        "quality   cheap        0.900      +0.100",
        "cost of   cheap    $0.000120  -$0.000030",
        "a",
        "request",
        "without units, 95 % interval, for which",
        "the terminal is too narrow",
    ]


def test_experiments_are_listed_with_their_arms() -> None:
    pb = experiments_pb2
    arms = [
        pb.ExperimentArm(name="control", share=0.1),
        pb.ExperimentArm(name="b", share=0.5, settings="policy fastest"),
    ]
    one = pb.Experiment(name="cheaper", unit=pb.EXPERIMENT_UNIT_SESSION, arms=arms)
    assert lines([experiments.listed([one])]) == [
        "experiment  unit     active  arm      share  sets",
        "cheaper     session  no      control    10%",
        "cheaper     session  no      b          50%  policy fastest",
    ]
    assert lines([experiments.listed([one])], 40)[1:] == [
        "cheaper     control    10%",
        "cheaper     b          50%  policy",
        "                            fastest",
        "without unit, active, for which the",
        "terminal is too narrow",
    ]


def test_scores_are_listed_by_model_and_category() -> None:
    good = ymera_pb2.BenchmarkScore(
        model="acme/large",
        category="coding",
        tasks=5,
        score=0.8,
        score_low=0.38,
        score_high=0.96,
        median_duration=TWO_SECONDS,
        usage=usage_pb2.Usage(cost_micros=1200),
    )
    none = ymera_pb2.BenchmarkScore(model="acme/large", category="math", failures=5)
    assert lines(benchmark.scores(ymera_pb2.BenchmarkCompleted(scores=[good, none]))) == [
        "model       category  score  95 % interval  tasks  failed  median time          cost",
        "acme/large  coding     0.80      0.38–0.96      5       0       2.00 s       $0.0012",
        "            math          –                     0       5               cost unknown",
    ]
    assert lines(benchmark.scores(ymera_pb2.BenchmarkCompleted())) == ["Nothing was measured."]


def test_choices_are_shown_with_how_sure_they_are() -> None:
    done = ymera_pb2.BenchmarkCompleted(
        scores=[ymera_pb2.BenchmarkScore(model="acme/large", category="math", tasks=5, failures=1)],
        choices=[
            ymera_pb2.BenchmarkChoice(
                category="math", model="acme/large", rival="acme/small", certainty=0.999, certainty_before=0.5
            ),
            ymera_pb2.BenchmarkChoice(category="coding", model="acme/large", certainty=0.78, certainty_before=0.4),
        ],
        end=ymera_pb2.BENCHMARK_END_SETTLED,
    )
    done.scores[0].usage.cost_micros = 1200
    assert lines(benchmark.choices(done)) == [
        "",
        "category  would be chosen  sure  before  otherwise most likely",
        "math      acme/large       99 %    50 %  acme/small",
        "coding    acme/large       78 %    40 %  –",
    ]
    assert benchmark.ending(done) == (
        "6 tasks were measured for $0.0012, as no other would be likely to change a choice; not yet sure: coding"
    )


ONE = catalog_pb2.Model(
    id="acme/large",
    kind=catalog_pb2.MODEL_KIND_GENERATE,
    available=True,
    free=True,
    requests_per_minute=20,
    requests_per_day=1_000,
    deprecated=True,
    retires="2026-12-31",
    unknown_capabilities=[routing_pb2.CAPABILITY_TOOLS, routing_pb2.CAPABILITY_LOGPROBS],
    price=catalog_pb2.Price(),
    facts=[
        catalog_pb2.Fact(
            name="context_window",
            value="128000",
            source="provider",
            disputed=True,
            statements=[
                catalog_pb2.Statement(source="provider", value="128000", stated_at=Timestamp(seconds=1_795_910_400)),
                catalog_pb2.Statement(source="models.dev", value="200000", stated_at=Timestamp(seconds=1_782_950_400)),
                catalog_pb2.Statement(source="genai-prices", value="128000"),
            ],
        ),
        catalog_pb2.Fact(
            name="tools",
            disputed=True,
            statements=[
                catalog_pb2.Statement(source="models.dev", value="yes"),
                catalog_pb2.Statement(source="the model's name", value="no"),
            ],
        ),
        catalog_pb2.Fact(
            name="price.cache_read.above_200000",
            value="1500000",
            source="configuration",
            statements=[catalog_pb2.Statement(source="configuration", value="1500000")],
        ),
    ],
)


def test_each_fact_of_a_model_is_shown_with_its_source_and_what_others_state() -> None:
    assert lines(catalog.model(ONE)) == [
        "acme/large",
        "generate · free · takes 20/min and 1,000/day · deprecated, until 2026-12-31",
        "fact                        value        from              as of",
        "context window              128,000      provider          2026-11-29",
        "                            but 200,000  models.dev        2026-07-02",
        "tools                       not known",
        "                            but yes      models.dev",
        "                            but no       the model's name",
        "$ cache read above 200,000  1.5          configuration",
        "not known: logprobs",
        "measured: not yet",
    ]


@pytest.mark.parametrize("width", [80, 60, 40])
def test_the_facts_of_a_model_fit_a_narrow_terminal(width: int) -> None:
    shown = lines(catalog.model(ONE), width)
    assert all(len(line) <= width for line in shown)
    assert "128,000" in "\n".join(shown)
    assert "models.dev" in "\n".join(shown)


RUN = benchmarks_pb2.BenchmarkRun(
    run_id="01a22543-6677-7524-bc89-e2ce5d85d05e",
    start_time=Timestamp(seconds=1_800_000_000),
    models=["acme/large", "acme/small"],
    suites=["basics"],
    total_tasks=1200,
    completed_tasks=7,
    failures=1,
    usage=usage_pb2.Usage(cost_micros=1234),
)


@pytest.mark.parametrize(("width", "named"), [(200, "suites"), (80, "state"), (60, "run"), (40, "run")])
def test_runs_fit_the_terminal(width: int, named: str) -> None:
    shown = lines(past_benchmarks.runs([RUN]), width)
    assert named in shown[0]
    assert all(len(line) <= width for line in shown)
    assert RUN.run_id in shown[1]
    assert lines(past_benchmarks.runs([]))[0].startswith("Nothing was measured yet.")


@pytest.mark.parametrize("width", [80, 40])
def test_a_result_shows_what_was_asked_and_answered_and_why(width: int) -> None:
    wrong = benchmarks_pb2.BenchmarkResult(
        model="acme/large",
        suite="basics",
        task_id="math/travel/7/3",
        score=0.5,
        duration=TWO_SECONDS,
        answer=benchmarks_pb2.BenchmarkAnswer(
            prompt="How far?\nIn km.",
            answer="12 \x1b[31mkm",
            findings=[
                benchmarks_pb2.BenchmarkFinding(name="unit", passed=True),
                benchmarks_pb2.BenchmarkFinding(name="answer", detail="a right answer is 13"),
            ],
        ),
    )
    failed = benchmarks_pb2.BenchmarkResult(model="acme/small", suite="basics", error_reason="RATE_LIMITED")
    shown = lines(past_benchmarks.results([wrong, failed], more=True), width)
    assert all(len(line) <= width for line in shown)
    text = " ".join(" ".join(shown).split())
    for part in (
        "math/travel/7/3 · 0.50 · 2.00 s",
        "How far? In km.",
        "12 \\x1b[31mkm",
        "✓ unit",
        "right answer is 13",
    ):
        assert part in text
    assert "RATE_LIMITED" in text
    assert "no longer kept" in text
    assert "-n shows" in text


def test_changes_of_models_are_shown_with_their_prices() -> None:
    cheap = catalog_pb2.Price(input_micros_per_million=1_000_000, output_micros_per_million=2_500_000)
    kinds = catalog_pb2.ModelChangeKind
    changes = [
        catalog_pb2.ModelChange(
            kind=kinds.MODEL_CHANGE_KIND_PRICE_CHANGED,
            model="acme/large",
            noticed_at=Timestamp(seconds=1_795_910_400),
            price=cheap,
        ),
        catalog_pb2.ModelChange(
            kind=kinds.MODEL_CHANGE_KIND_DEPRECATED,
            model="acme/old",
            noticed_at=Timestamp(seconds=1_795_910_400),
            retires="2026-12-31",
        ),
    ]
    assert lines(catalog.changes(changes)) == [
        "noticed (UTC)     model       change",
        "2026-11-29 00:00  acme/large  price changed: unknown → $1 in, $2.5 out",
        "2026-11-29 00:00  acme/old    deprecated: until 2026-12-31",
    ]
    assert lines(catalog.changes([])) == ["Nothing changed in the lists of providers, as far as they are stored."]
