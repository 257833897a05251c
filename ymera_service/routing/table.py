"""Everything that decides which of a catalogue's targets is taken, in columns: one row per target.

A table is made once for a catalogue and what benchmarks showed, and never changes; a request costs a few
operations on whole columns. What only some requests need is computed when first asked for, and kept while
the space for it lasts.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TypeVar

import numpy as np

from ymera_service.catalog import CatalogSnapshot
from ymera_service.resilience.reliability import Chance
from ymera_service.routing.columns import Floats, Hashes, Mask, Rows, Whole, frozen
from ymera_service.routing.costs import Costs
from ymera_service.routing.learning.neighbours import Corrections, Numbers
from ymera_service.routing.learning.quality import PRIOR_TASKS, SUREST, Qualities
from ymera_service.sdk.models import Capability, Kind, Model
from ymera_service.sdk.targets import Target

UNBOUNDED = 2**62
"""Stands for a window or a limit that is not known."""
CERTAINTY = 0.1
"""Weight of knowing that a model has what a request needs: one of which that is not known comes first only if it is
clearly better."""
PATTERNS_KEPT = 512
MIXES_KEPT = 64
"""Sets of categories for which the qualities are kept, and sets of capabilities."""
LISTS_KEPT = 16
"""Sets of categories for which the qualities are kept in lists, which take more space than columns."""

Key = TypeVar("Key", str, tuple[str, ...])

_BITS = {capability: 1 << index for index, capability in enumerate(Capability)}


@lru_cache(MIXES_KEPT)
def bits_of(capabilities: frozenset[Capability]) -> int:
    """Returns a set of capabilities as the bits of a number."""
    bits = 0
    for capability in capabilities:
        bits |= _BITS[capability]
    return bits


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """The targets that a pattern means.

    Attributes:
        found: The pattern means at least one model, be it one of another kind.
        simulated: It means simulated models only.
    """

    mask: Mask
    found: bool
    simulated: bool


class Table:
    """The targets of all models of one kind, in the order of their models' ids; those of a pool are one row.

    Attributes:
        kind: What the models are for.
        targets: What each row is about: a target, or the pool of several that differ in their accounts only.
        members: The targets of each row.
        models: The model of each row.
        rows: Pool → row.
        shared_domains: Key of an account's or endpoint's breaker → the rows that are down while it is open.
        own_domains: Key of a target's breaker → its row.
        domains: The keys of all breakers.
        accounts: The breakers of several accounts → the rows that are down while all of them are open.
        capabilities: Those that are known; see `bits_of`.
        possible: Those that are known, or not known to be absent.
        windows: Tokens of prompt and answer together.
        answers: Tokens of an answer.
        longest: The same, not in a column.
        smallest_window: Of all rows.
        smallest_answer: Of all rows.
        costs: Prices.
        hashes: A number for each target from which equal ones are ordered by chance.
        numbers: The same, not in a column.
        simulated: Whose answers are made up.
        has_simulated: Any of them.
        real: The id of a model that is not simulated; empty if there is none.
    """

    def __init__(self, catalog: CatalogSnapshot, qualities: Qualities, kind: Kind = Kind.GENERATE) -> None:
        models = [model for model in catalog.models.values() if model.info.kind is kind]
        pools = [(pool, model) for model in models for pool in _pools(model)]
        self.kind = kind
        self.catalog = catalog
        self.members: tuple[tuple[Target, ...], ...] = tuple(pool for pool, _ in pools)
        self.targets = tuple(pool[0] if len(pool) == 1 else pool[0].without_account() for pool in self.members)
        self.models: tuple[Model, ...] = tuple(model for _, model in pools)
        self.rows: Mapping[str, int] = {target.pool: row for row, target in enumerate(self.targets)}
        self.everyone: Rows = frozen(np.arange(len(pools)))
        self.shared_domains = _grouped(
            (domain, row)
            for row, pool in enumerate(self.members)
            for domain in (pool[0].domains[1:3] if len(pool) == 1 else pool[0].domains[2:3])
        )
        self.own_domains = {target.id: row for row, pool in enumerate(self.members) for target in pool}
        self.domains = frozenset(domain for pool in self.members for target in pool for domain in target.domains)
        self.accounts = _grouped(
            (tuple(target.domains[1] for target in pool), row) for row, pool in enumerate(self.members) if len(pool) > 1
        )
        self.capabilities = self._whole([bits_of(model.info.capabilities) for model in self.models])
        self.possible = self._whole([bits_of(model.info.capabilities | model.info.unknown) for model in self.models])
        self.windows = self._whole([model.info.context_window or UNBOUNDED for model in self.models])
        self.answers = self._whole([model.info.max_output_tokens or UNBOUNDED for model in self.models])
        self.longest: list[int] = self.answers.tolist()
        self.smallest_window = int(self.windows.min(initial=UNBOUNDED))
        self.smallest_answer = int(self.answers.min(initial=UNBOUNDED))
        self.costs = Costs.of([model.price for model in self.models])
        self.numbers = [_hash(target.id) for target in self.targets]
        self.hashes: Hashes = frozen(np.array(self.numbers, np.uint64))
        self.simulated: Mask = frozen(np.array([model.info.simulated for model in self.models], bool))
        self.has_simulated = bool(self.simulated.any())
        self.real = next((model.id for model in self.models if not model.info.simulated), "")
        self._rows_of = _grouped((model.id, row) for row, model in enumerate(self.models))
        self.matches = lru_cache(PATTERNS_KEPT)(self._matches)
        self.lacking = lru_cache(MIXES_KEPT)(self._lacking)
        self.certainties = lru_cache(MIXES_KEPT)(self._certainties)
        self._expected_in = lru_cache(MIXES_KEPT)(self._expected)
        self._numbered: tuple[Numbers | None, int, Rows] = None, 0, self.everyone
        self._believe(qualities)

    def believing(self, qualities: Qualities) -> "Table":
        """Returns a copy that has learnt something else of its models; what is expected of them has to be the same."""
        table = copy(self)
        table._believe(qualities)  # noqa: SLF001  # its own
        return table

    def _believe(self, qualities: Qualities) -> None:
        self.qualities = qualities
        self._leads = frozen(np.array([qualities.leads.get(model.id, 0.0) for model in self.models], float))
        known = [qualities.elsewhere(model.id) for model in self.models]
        self._prior_tasks = frozen(np.array(known, float) + PRIOR_TASKS)
        self._beliefs_in = lru_cache(MIXES_KEPT)(self._beliefs)
        self.qualities_in = lru_cache(MIXES_KEPT)(self._qualities_in)
        self.variances_in = lru_cache(MIXES_KEPT)(self._variances_in)
        self.mixes_in = lru_cache(LISTS_KEPT)(self._mixes_in)
        self.variance_mixes_in = lru_cache(LISTS_KEPT)(self._variance_mixes_in)

    def hashes_of(self, rows: Rows) -> Hashes:
        """Returns the numbers of some rows in a column."""
        return self.hashes if rows is self.everyone else self.hashes.take(rows)

    def numbers_of(self, rows: Rows) -> list[int]:
        """Returns the numbers of some rows."""
        return self.numbers if rows is self.everyone else [self.numbers[row] for row in rows.tolist()]

    def corrections(self, corrections: Corrections) -> Floats:
        """Returns by how much the model of each row is better for a request than in its class."""
        return frozen(corrections.better.take(self._numbers_of(corrections.numbers), mode="clip"))

    def _numbers_of(self, numbers: Numbers) -> Rows:
        """Returns the number of the model of each row; that after the last one where it has none."""
        known, count, rows = self._numbered
        if known is not numbers or count != len(numbers):
            found = [numbers.known(model.id) for model in self.models]
            rows = frozen(np.array([len(numbers) if number is None else number for number in found], np.intp))
            self._numbered = numbers, len(numbers), rows
        return rows

    def shortfalls(self, chances: Mapping[str, Chance]) -> Floats | None:
        """Returns how far the chances of the rows are below what is usual; None if no row's is."""
        found = [(row, chance) for pool, chance in chances.items() if (row := self.rows.get(pool)) is not None]
        if not found:
            return None
        column = np.zeros(len(self.targets))
        for row, chance in found:
            column[row] = chance.shortfall
        return column

    def _matches(self, pattern: str) -> Matches:
        """Returns what a pattern of the caller's means."""
        ids = self.catalog.match(pattern)
        mask = np.zeros(len(self.targets), bool)
        for name in ids:
            mask[self._rows_of.get(name, _NO_ROWS)] = True
        simulated = all(self.catalog.models[name].info.simulated for name in ids)
        return Matches(frozen(mask), bool(ids), simulated)

    def _mixes_in(self, categories: tuple[str, ...]) -> list[list[float]]:
        """Returns a list for each target and in it its quality in each category."""
        return self.qualities_in(categories).T.tolist()  # type: ignore[no-any-return]  # numpy

    def _variance_mixes_in(self, categories: tuple[str, ...]) -> list[list[float]]:
        """Returns a list for each target and in it the variance of its quality in each category."""
        return self.variances_in(categories).T.tolist()  # type: ignore[no-any-return]  # numpy

    def _lacking(self, required: int) -> Mask:
        """Returns which rows are known to lack any of some capabilities, given as bits."""
        return frozen((self.possible & required) != required)

    def _certainties(self, required: int) -> Floats:
        """Returns what it adds to a score that a row is known to have all of some capabilities; else 0."""
        return frozen(((self.capabilities & required) == required) * CERTAINTY)

    def _qualities_in(self, categories: tuple[str, ...]) -> Floats:
        """Returns a row for each category and in it the quality of each target."""
        return frozen(np.array([self._beliefs_in(category)[0] for category in categories]))

    def _variances_in(self, categories: tuple[str, ...]) -> Floats:
        """Returns a row for each category and in it the variance of the quality of each target."""
        return frozen(np.array([self._beliefs_in(category)[1] for category in categories]))

    def _beliefs(self, category: str) -> tuple[Floats, Floats]:
        """Returns the quality of each target in a category, and its variance."""
        means = np.clip(self._expected_in(category) + self.qualities.shift(category) + self._leads, 0.0, 1.0)
        likely = np.clip(means, SUREST, 1 - SUREST)
        variances = likely * (1 - likely) / (self._prior_tasks + 1)
        for model in self.qualities.measured_in(category):
            rows, belief = self._rows_of.get(model, _NO_ROWS), self.qualities.belief(model, category)
            means[rows], variances[rows] = belief.mean, belief.variance
        return frozen(means), frozen(variances)

    def _expected(self, category: str) -> Floats:
        """Returns what is expected of each target in a category."""
        return frozen(np.array([self.qualities.expected(model.id, category) for model in self.models], float))

    def _whole(self, values: Sequence[int]) -> Whole:
        return frozen(np.array(values, np.int64))


def _pools(model: Model) -> Iterable[tuple[Target, ...]]:
    """Returns the targets of a model by pool."""
    pools: dict[str, list[Target]] = {}
    for target in model.targets:
        pools.setdefault(target.pool, []).append(target)
    return map(tuple, pools.values())


_NO_ROWS: Rows = frozen(np.array([], np.intp))


def _grouped(pairs: Iterable[tuple[Key, int]]) -> dict[Key, Rows]:
    groups: dict[Key, list[int]] = {}
    for key, row in pairs:
        groups.setdefault(key, []).append(row)
    return {key: frozen(np.array(rows, np.intp)) for key, rows in groups.items()}


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())
