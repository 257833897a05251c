"""The work of a server beside requests."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from ymera_service.access.spending import READ_SECONDS, Ledger
from ymera_service.benchmark.scheduled import CHECK_SECONDS, ScheduledBenchmarks
from ymera_service.catalog import BalancedCatalog
from ymera_service.config import Settings
from ymera_service.routing.choosing import unknown_models
from ymera_service.routing.learning.learner import Learner
from ymera_service.server.parts import Parts
from ymera_service.serving.background import Background

LEARN_SECONDS = 1.0
"""How often routing reads the observations of answers and the sessions that other servers may have stored."""
EXPERIMENTS_SECONDS = 60.0
"""How often the results of experiments are brought up to date."""
KEYS_SECONDS = 1.0
"""How often a server reads which keys others have added, rotated or revoked."""
MASTER_KEY_SECONDS = 30.0
"""How often the master keys are read, and a change of them that did not end is continued."""


@asynccontextmanager
async def upkeep(parts: Parts, settings: Settings, background: Background) -> AsyncIterator[None]:
    """Reads what is stored and lists the models, then keeps all of it up to date beside the block."""
    catalog, database, sums = parts.catalog, parts.storage.database, parts.usage_sums
    keys, experiments = parts.service.keys, parts.service.experiments
    providers = parts.service.plugins.registry.all_providers
    balanced = BalancedCatalog(catalog, settings.balancing, providers, partial(unknown_models, settings))
    follows = {"observations of answers": Learner(database, parts.routing.evidence).reread}
    if parts.routing.shared is not None:
        follows["sessions of other servers"] = parts.routing.shared.reread
    ledger = Ledger(parts.callers.budgets, database.usage_hours, lambda: datetime.now(UTC))
    scheduled = ScheduledBenchmarks(parts.runner, database, settings.benchmark)
    period = settings.catalog.refresh_seconds
    async with AsyncExitStack() as stack:
        await catalog.restore()
        await stack.enter_async_context(background.every(period, "catalog refresh", balanced.refresh, at_once=True))
        await parts.runner.reread()
        for reread in follows.values():
            await reread()
        await ledger.reread()
        await catalog.ready()
        for work in (
            background.every(period, "benchmark results", parts.runner.reread),
            *(
                [background.every(CHECK_SECONDS, "benchmarks", scheduled.turn)]
                if settings.benchmark.every_hours
                else []
            ),
            *([] if ledger.is_empty else [background.every(READ_SECONDS, "spending of callers", ledger.reread)]),
            *(background.every(LEARN_SECONDS, name, reread) for name, reread in follows.items()),
            *(
                [background.every(EXPERIMENTS_SECONDS, "results of experiments", experiments.follow, at_once=True)]
                if parts.routing.experiments
                else []
            ),
            background.every(KEYS_SECONDS, "keys of providers", keys.follow),
            background.every(MASTER_KEY_SECONDS, "master key", keys.renew),
            background.running("observers", parts.pipeline.observers.run),
            background.running("sums of usage", sums.run, progress=lambda: sums.progress),
            *(background.running(name, work) for name, work in parts.storage.work.items()),
        ):
            await stack.enter_async_context(work)
        yield
