"""Records as rows of their tables."""

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Any

from sqlalchemy import Compiled, Dialect, Table, TypeDecorator
from sqlalchemy.types import TypeEngine

from ymera_service.storage.benchmark_tasks import TaskFeatures
from ymera_service.storage.comparisons import BenchmarkComparison
from ymera_service.storage.records import (
    BenchmarkAnswer,
    BenchmarkResult,
    BenchmarkRun,
    CatalogVersion,
    ExecutionLabel,
    ExecutionRecord,
    Observation,
    Outcome,
    SessionAnswer,
    UnsettledExecution,
)
from ymera_service.storage.tables import (
    USAGE_COLUMNS,
    benchmark_answers,
    benchmark_comparisons,
    benchmark_results,
    benchmark_runs,
    benchmark_tasks,
    catalog_versions,
    execution_labels,
    executions,
    observations,
    outcomes,
    session_answers,
)

Record = (
    ExecutionRecord
    | ExecutionLabel
    | Observation
    | Outcome
    | SessionAnswer
    | CatalogVersion
    | BenchmarkResult
    | BenchmarkRun
    | BenchmarkAnswer
    | BenchmarkComparison
    | TaskFeatures
)

TABLES: dict[type[Record], Table] = {
    ExecutionRecord: executions,
    UnsettledExecution: executions,
    ExecutionLabel: execution_labels,
    Observation: observations,
    Outcome: outcomes,
    SessionAnswer: session_answers,
    CatalogVersion: catalog_versions,
    BenchmarkResult: benchmark_results,
    BenchmarkRun: benchmark_runs,
    BenchmarkAnswer: benchmark_answers,
    BenchmarkComparison: benchmark_comparisons,
    TaskFeatures: benchmark_tasks,
}
REPLACING = frozenset({ExecutionRecord, Observation, Outcome, CatalogVersion, BenchmarkRun, TaskFeatures})
"""Records that replace an earlier row of the same key; with the others, the first row is kept."""


class RowFormat:
    """Converts records of one type to the parameters of a compiled insert, in the statement's order.

    SQLAlchemy does the same for each row in 20 µs; with the conversions prepared once it takes 3 µs.
    """

    def __init__(self, table: Table, insert: Compiled, dialect: Dialect) -> None:
        names = list(insert.positiontup or ())  # type: ignore[attr-defined]  # of every SQL compiler
        self.statement = str(insert)
        self.key_length = len(table.primary_key.columns)
        """How many parameters, the first ones, are the row's key."""
        self._fields = attrgetter(*map(_path, names))
        self._conversions = [
            (index, convert)
            for index, name in enumerate(names)
            if (convert := _conversion(table.c[name].type, dialect)) is not None
        ]

    def parameters(self, record: Record) -> tuple[Any, ...]:
        """Returns the parameters.

        Raises:
            ValueError: The column can't hold a field's value.
        """
        values = list(self._fields(record))
        for index, convert in self._conversions:
            values[index] = convert(values[index])
        return tuple(values)


def _conversion(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """Returns how a column's values are converted; None if they are stored as they are."""
    kind = kind.dialect_impl(dialect)
    if isinstance(kind, TypeDecorator) and kind.impl_instance.bind_processor(dialect) is None:
        return partial(kind.process_bind_param, dialect=dialect)  # without SQLAlchemy's function around it
    return kind.bind_processor(dialect)


def _path(column: str) -> str:
    return f"usage.{column}" if column in USAGE_COLUMNS else column
