"""Sums what executions in the arms of experiments came to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Case, ColumnElement, Row, Select, Subquery, case, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ymera_service.storage.faults import unavailable
from ymera_service.storage.labels import arm_label
from ymera_service.storage.records import ExecutionStatus, Operation
from ymera_service.storage.tables import execution_labels, executions, observations


@dataclass(frozen=True, slots=True)
class Sums:
    """How many values there are, their sum and the sum of their squares."""

    count: int
    total: float
    squares: float


FIGURES = ("quality", "cost", "latency", "failures")
"""From 0 to 1, in micro-USD, in seconds, and 1 for a request that got no answer or not all of it."""


@dataclass(frozen=True, slots=True)
class ArmSums:
    """What executions of an arm came to, while the arms had these shares.

    `figures` has the sums over the means of units, by the names of `FIGURES`.
    """

    arm: str
    shares: str
    units: int
    requests: int
    figures: Mapping[str, Sums]


class Arms:
    """The stored executions of experiments."""

    def __init__(self, reader: AsyncEngine) -> None:
        self._reader = reader

    async def sums(self, experiment: str, unit: Sequence[str]) -> Sequence[ArmSums]:
        """Returns the sums of an experiment by arm and shares.

        Args:
            experiment: Its name.
            unit: The columns of executions that name a unit, such as a session's.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        with unavailable("read the executions of an experiment"):
            async with self._reader.connect() as connection:
                rows = (await connection.execute(_summed(_by_unit(_requests(experiment, unit), unit)))).all()
        return [_sums(row) for row in rows]


def _requests(experiment: str, unit: Sequence[str]) -> Subquery:
    """Returns the executed requests of an experiment, each with its figures."""
    label, whole = execution_labels, executions.c.status == ExecutionStatus.COMPLETED.value
    judged = _judged(experiment)
    return (
        select(
            label.c.value.label("arm"),
            executions.c.arm_shares.label("shares"),
            *(executions.c[name] for name in unit),
            judged.c.quality.label("quality"),
            executions.c.cost_micros.label("cost"),
            case((whole, executions.c.duration)).label("latency"),
            _failed().label("failures"),
        )
        .select_from(
            label.join(executions, executions.c.request_id == label.c.request_id).outerjoin(
                judged, judged.c.request_id == label.c.request_id
            )
        )
        .where(
            label.c.key == arm_label(experiment),
            executions.c.arm_shares.is_not(None),
            executions.c.operation == Operation.CHAT.value,
            executions.c.status != ExecutionStatus.ROUTED.value,
        )
        .subquery()
    )


def _failed() -> Case[Any]:
    """Returns 1.0 for a failure, 0.0 for an answer, and NULL where the caller went or the outcome is unknown."""
    failed = (ExecutionStatus.FAILED.value, ExecutionStatus.TRUNCATED.value)
    return case((executions.c.status == ExecutionStatus.COMPLETED.value, 0.0), (executions.c.status.in_(failed), 1.0))


def _judged(experiment: str) -> Subquery:
    """Returns the mean of what was observed last by each source and name, of each judged request."""
    newest = (
        func.row_number()
        .over(
            partition_by=(observations.c.request_id, observations.c.source, observations.c.name),
            order_by=(observations.c.created_at.desc(), observations.c.id.desc()),
        )
        .label("place")
    )
    label = execution_labels.alias("judged_label")
    latest = (
        select(observations.c.request_id, observations.c.value, newest)
        .join(label, label.c.request_id == observations.c.request_id)
        .where(label.c.key == arm_label(experiment), observations.c.value.is_not(None))
        .subquery()
    )
    return (
        select(latest.c.request_id, func.avg(latest.c.value).label("quality"))
        .where(latest.c.place == 1)
        .group_by(latest.c.request_id)
        .subquery()
    )


def _by_unit(requests: Subquery, unit: Sequence[str]) -> Subquery:
    means: list[ColumnElement[Any]] = [func.avg(requests.c[name]).label(name) for name in FIGURES]
    return (
        select(requests.c.arm, requests.c.shares, func.count().label("requests"), *means)
        .group_by(requests.c.arm, requests.c.shares, *(requests.c[name] for name in unit))
        .subquery()
    )


def _summed(units: Subquery) -> Select[Any]:
    sums: list[ColumnElement[Any]] = []
    for name in FIGURES:
        value = units.c[name]
        sums += [func.count(value).label(f"{name}_count"), func.sum(value).label(f"{name}_total")]
        sums.append(func.sum(value * value).label(f"{name}_squares"))
    query = select(units.c.arm, units.c.shares, func.count().label("units"), func.sum(units.c.requests), *sums)
    return query.group_by(units.c.arm, units.c.shares)


def _sums(row: Row[Any]) -> ArmSums:
    values: tuple[Any, ...] = tuple(row)
    arm, shares, units, requests = values[:4]
    numbers = [float(value or 0) for value in values[4:]]
    figures = {
        name: Sums(int(numbers[3 * place]), numbers[3 * place + 1], numbers[3 * place + 2])
        for place, name in enumerate(FIGURES)
    }
    return ArmSums(arm, shares, units, int(requests), figures)
