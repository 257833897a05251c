"""All that a protocol calls, and how it is put together."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from ymera_service.access.keys import Callers
from ymera_service.access.vault import Vault
from ymera_service.benchmark.runner import BenchmarkRunner
from ymera_service.catalog import Catalog
from ymera_service.execution.pipeline import Pipeline
from ymera_service.execution.usage_sums import UsageSums
from ymera_service.plugins import Plugins
from ymera_service.resilience.breaker import Breakers
from ymera_service.resilience.memory import ByteBudget
from ymera_service.routing.building import Routing
from ymera_service.serving.background import Background
from ymera_service.serving.beliefs import Beliefs
from ymera_service.serving.benchmarks import Benchmarks
from ymera_service.serving.bills import BillComparisons
from ymera_service.serving.calls import Calls
from ymera_service.serving.changes import Changes
from ymera_service.serving.executions import Executions
from ymera_service.serving.experiments import Experiments
from ymera_service.serving.feedback import Feedbacks
from ymera_service.serving.health import Health
from ymera_service.serving.history import History
from ymera_service.serving.idempotency import Idempotency
from ymera_service.serving.inference import Inference
from ymera_service.serving.keys import ProviderKeys
from ymera_service.serving.listing import Listing
from ymera_service.serving.past_benchmarks import PastBenchmarks
from ymera_service.serving.replay import Replay
from ymera_service.serving.usage import UsageReports
from ymera_service.storage import Storage


@dataclass(frozen=True, slots=True)
class Service:
    """What Ymera offers, a part for each concern."""

    calls: Calls
    executions: Executions
    inference: Inference
    benchmarks: Benchmarks
    past_benchmarks: PastBenchmarks
    history: History
    replay: Replay
    beliefs: Beliefs
    experiments: Experiments
    feedback: Feedbacks
    usage: UsageReports
    bills: BillComparisons
    listing: Listing
    changes: Changes
    keys: ProviderKeys
    health: Health
    plugins: Plugins
    budget: ByteBudget


def build(
    *,
    pipeline: Pipeline,
    runner: BenchmarkRunner,
    plugins: Plugins,
    catalog: Catalog,
    breakers: Breakers,
    routing: Routing,
    storage: Storage,
    vault: Vault,
    redact: Callable[[str], str],
    usage_sums: UsageSums,
    background: Background,
    budget: ByteBudget,
    default_deadline_seconds: float,
    callers: Callers | None = None,
    clock: Callable[[], float] = monotonic,
) -> Service:
    """Returns the service over the parts of a server."""
    calls = Calls(default_deadline_seconds, callers)
    health = Health(
        plugins=plugins,
        catalog=catalog,
        breakers=breakers,
        database=storage.database,
        recorder=storage.recorder,
        slots=pipeline.slots,
        spare=runner.spare,
        budget=budget,
        calls=calls,
        background=background,
        clock=clock,
        other_problem=lambda: vault.problem,
        drifts=lambda: routing.evidence.drifts,
    )
    private = callers is not None and callers.known
    history = History(storage.database, routing.router, private=private)
    return Service(
        calls=calls,
        executions=Executions(pipeline, Idempotency(pipeline, storage.database, history)),
        inference=Inference(pipeline),
        benchmarks=Benchmarks(runner),
        past_benchmarks=PastBenchmarks(storage.database, private=private),
        history=history,
        beliefs=Beliefs(catalog, routing.evidence, storage.recorder),
        experiments=Experiments(routing.experiments, storage.database),
        replay=Replay(storage.database, routing.router, private=private),
        feedback=Feedbacks(history, storage.database, storage.recorder),
        usage=UsageReports(storage.database, usage_sums, private=private),
        bills=BillComparisons(plugins, UsageReports(storage.database, usage_sums), redact=redact),
        listing=Listing(catalog, breakers, routing.evidence),
        changes=Changes(storage.database),
        keys=ProviderKeys(
            vault,
            plugins,
            catalog,
            breakers=breakers,
            usage=UsageReports(storage.database, usage_sums),
            redact=redact,
        ),
        health=health,
        plugins=plugins,
        budget=budget,
    )
