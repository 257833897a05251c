"""Compares the arms of an experiment at any time, as often as wanted.

The interval of a difference is an asymptotic confidence sequence: it holds at all sizes of the sample at once, not only
at one that was fixed before. Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and
asymptotic confidence sequences", Annals of Statistics 52(6), 2024 (arXiv:2103.06476): for the mean of t values with the
standard deviation s, theorem 2.2 has

    mean ± s √( 2 (tρ² + 1) / (t²ρ²) · ln(√(tρ² + 1) / α) ),

and section 3 the same for the difference of two arms, drawn with known probabilities, where s²/t is what the difference
of the means varies by.

Whether the arms got the units that they should is a sequential test, too: Lindon and Malek, "Anytime-Valid Inference
For Multinomial Count Data", NeurIPS 2022 (arXiv:2011.03567).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, sqrt

FEWEST = 100
"""Values of each arm without which nothing is said of a difference: the theorem holds for large samples. With this
many, at most 5.5 % of simulated experiments were outside their interval at any of 3,000 looks; hardest were unequal
shares with costs that differ by a factor of 3, and with values that are nearly always 1."""
ALPHA = 0.05
"""The share of comparisons whose true difference is outside the interval at any look."""
TIGHTEST = 500
"""The number of values, over both arms, for which intervals are as narrow as such intervals can be."""
_CONCENTRATION = 200.0
"""How near to the stated shares others are that the test of units finds first."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Values of an arm: how many, their mean and their variance."""

    count: int
    mean: float
    variance: float

    @classmethod
    def of(cls, count: int, total: float, squares: float, *, bounded: bool) -> "Sample":
        """Returns the sample of some values, with this sum and sum of squares.

        If they are `bounded`, from 0 to 1, a 0 and a 1 more are taken for the variance: a hundred values that are all 1
        don't show that there can be no other.
        """
        if not count:
            return cls(0, 0.0, 0.0)
        more = 1 if bounded else 0
        mean = (total + more) / (count + 2 * more)
        variance = (squares + more) / (count + 2 * more) - mean * mean
        return cls(count, total / count, max(variance, 0.0))


@dataclass(frozen=True, slots=True)
class Difference:
    """How much the values of one arm are above those of another, with an interval for looking at any time."""

    value: float
    low: float
    high: float


def difference(pairs: Sequence[tuple[Sample, Sample]], alpha: float = ALPHA) -> Difference | None:
    """Returns how much a second arm is above a first one; None if that can't be said yet.

    Args:
        pairs: A sample of each arm for each time in which the shares of the arms were the same. Between such times,
            values may differ for other reasons, so only those of the same time are compared; each counts by its values.
        alpha: The share of experiments in which the interval may be wrong at any look.
    """
    usable = [pair for pair in pairs if min(pair[0].count, pair[1].count) >= FEWEST]
    count = sum(first.count + second.count for first, second in usable)
    if not count:
        return None
    value = variance = 0.0
    for first, second in usable:
        share = (first.count + second.count) / count
        value += share * (second.mean - first.mean)
        variance += share * share * _variance(first, second)
    half = sqrt(variance * _spread(count, alpha))
    return Difference(value, value - half, value + half)


def _variance(first: Sample, second: Sample) -> float:
    """Returns what the difference of the means varies by.

    The variance of each arm is taken to be at least that of both together: in a few values of a skewed distribution,
    the rare large ones are mostly missing.
    """
    both = (first.variance * first.count + second.variance * second.count) / (first.count + second.count)
    return max(first.variance, both) / first.count + max(second.variance, both) / second.count


def _spread(count: int, alpha: float) -> float:
    """Returns how many times the variance of a mean of this many values the square of half an interval is."""
    # Equation 10 of the paper, where ρ is best for one size of the sample.
    best = (-2 * log(alpha) + log(-2 * log(alpha) + 1)) / TIGHTEST
    grown = count * best + 1
    return 2 * grown / (count * best) * log(sqrt(grown) / alpha)


def mismatch(units: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """Returns how likely, at most, units are ever as far from the shares of their arms by chance.

    Args:
        units: Arm → units.
        shares: Arm → its share; those of arms without units, too.
    """
    whole = sum(shares.values())
    expected = {arm: share / whole for arm, share in shares.items()}
    if not units.keys() <= expected.keys():
        return 0.0
    prior = {arm: _CONCENTRATION * share for arm, share in expected.items()}
    count = sum(units.values())
    evidence = lgamma(_CONCENTRATION) - lgamma(_CONCENTRATION + count)
    for arm, share in expected.items():
        seen = units.get(arm, 0)
        evidence += lgamma(prior[arm] + seen) - lgamma(prior[arm]) - seen * log(share)
    return min(exp(-min(evidence, 700.0)), 1.0)
