"""Sums of the figures of requests in the arms of an experiment, over the means of units."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

FIGURES = ("quality", "cost", "latency", "failures")
"""From 0 to 1, in micro-USD, in seconds, and 1 for a request that got no answer or not all of it."""


@dataclass(frozen=True, slots=True)
class Sums:
    """How many values there are, their sum and the sum of their squares."""

    count: int
    total: float
    squares: float

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.count + other.count, self.total + other.total, self.squares + other.squares)


@dataclass(frozen=True, slots=True)
class ArmSums:
    """The sums of an arm, from executions made while the arms had these shares.

    `figures` has the sums over the means of units, by the names of `FIGURES`.
    """

    arm: str
    shares: str
    units: int
    requests: int
    figures: Mapping[str, Sums]

    def __add__(self, other: "ArmSums") -> "ArmSums":
        """Returns the sums of both, which have no unit in common."""
        figures = {name: each + other.figures[name] for name, each in self.figures.items()}
        return ArmSums(self.arm, self.shares, self.units + other.units, self.requests + other.requests, figures)


@dataclass(frozen=True, slots=True)
class Units:
    """The figures of some requests, by unit; a unit may have further requests in other objects. 60 bytes for each unit.

    Attributes:
        groups: Arms and shares.
        group: Of each unit, its place in `groups`.
        names: Of each unit, a hash of its group and its name.
        requests: Of each unit, how many.
        counts: Of each figure (row) and unit (column), how many requests have it,
        totals: and their sum.
    """

    groups: Sequence[tuple[str, str]]
    group: NDArray[np.uint16]
    names: NDArray[np.uint64]
    requests: NDArray[np.uint32]
    counts: NDArray[np.uint32]
    totals: NDArray[np.float64]

    @classmethod
    def of(cls, rows: Sequence[Sequence[Any]]) -> "Units":
        """Returns the units of rows of arm, shares, requests, count and sum of each figure, and what names the unit."""
        places: dict[tuple[str, str], int] = {}
        group = [places.setdefault((row[0], row[1]), len(places)) for row in rows]
        figures = len(FIGURES)
        values = np.array([[float(value or 0) for value in row[2 : 3 + 2 * figures]] for row in rows], float)
        values = values.reshape(len(rows), 1 + 2 * figures).T
        names = [_hash(row[:2], row[3 + 2 * figures :]) for row in rows]
        return cls(
            list(places),
            np.array(group, np.uint16),
            np.array(names, np.uint64),
            values[0].astype(np.uint32),
            values[1::2].astype(np.uint32),
            np.ascontiguousarray(values[2::2]),
        )

    @classmethod
    def joined(cls, parts: Sequence["Units"]) -> "Units":
        """Returns all units of some, each once."""
        places: dict[tuple[str, str], int] = {}
        for part in parts:
            for group in part.groups:
                places.setdefault(group, len(places))
        moved = [np.array([places[group] for group in part.groups], np.uint16)[part.group] for part in parts]
        names = np.concatenate([part.names for part in parts])
        order = names.argsort(kind="stable")
        names = names[order]
        first = np.flatnonzero(np.concatenate([[True], names[1:] != names[:-1]]))
        return cls(
            list(places),
            np.concatenate(moved)[order][first],
            names[first],
            np.add.reduceat(np.concatenate([part.requests for part in parts])[order], first),
            np.add.reduceat(np.concatenate([part.counts for part in parts], 1)[:, order], first, axis=1),
            np.add.reduceat(np.concatenate([part.totals for part in parts], 1)[:, order], first, axis=1),
        )

    def sums(self) -> Sequence[ArmSums]:
        """Returns the sums over the means of units."""
        return [self._sums(place, *group) for place, group in enumerate(self.groups)]

    def _sums(self, place: int, arm: str, shares: str) -> ArmSums:
        own = np.flatnonzero(self.group == place)
        figures = {}
        for name, counts, totals in zip(FIGURES, self.counts[:, own], self.totals[:, own], strict=True):
            known = counts > 0
            means = totals[known] / counts[known]
            figures[name] = Sums(int(known.sum()), float(means.sum()), float(means @ means))
        return ArmSums(arm, shares, own.size, int(self.requests[own].sum()), figures)


def added(sums: Iterable[ArmSums]) -> Sequence[ArmSums]:
    """Returns the sums by arm and shares, of sums that have no unit in common."""
    found: dict[tuple[str, str], ArmSums] = {}
    for each in sums:
        known = found.get((each.arm, each.shares))
        found[each.arm, each.shares] = each if known is None else known + each
    return list(found.values())


def joined(parts: Sequence[Units]) -> Sequence[ArmSums]:
    """Returns the sums of units that may have requests in several of the parts."""
    filled = [part for part in parts if part.names.size]
    return Units.joined(filled).sums() if filled else []


def _hash(group: Sequence[str], name: Sequence[str]) -> int:
    return int.from_bytes(blake2b("\0".join((*group, *name)).encode(), digest_size=8).digest())
