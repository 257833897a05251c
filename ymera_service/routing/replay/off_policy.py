"""What another policy would have come to on recorded requests, with intervals: an off-policy estimate.

Of a request is known how the first candidate of its decision did, and how likely that one was first. Where the other
policy would have put the same one first, the outcome counts, by the inverse of that probability, as a correction of
what routing expects anyway: the self-normalised doubly robust estimator (Dudík et al., 2011; Swaminathan and Joachims,
2015). The interval holds for the requests on which the recorded choice could have been that of the other policy; what
share of all that is, `overlap` estimates, and the rest is only as good as what routing expects.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt

import numpy as np

from ymera_service.routing.columns import Floats

Z = 1.96
"""Standard deviations of a normal distribution on either side of 95 %."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure of one recorded request.

    Attributes:
        weight: The inverse probability of the recorded choice if the other policy makes it too, else 0.
        outcome: What was observed.
        expected_here: What is expected of the recorded choice,
        expected_there: and of that of the other policy.
    """

    weight: float
    outcome: float
    expected_here: float
    expected_there: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over all requests.

    Attributes:
        recorded: What was observed.
        mean: What is estimated for the other policy.
        low, high: The ends of the interval of 95 %; infinite where nothing that was recorded says anything.
        samples: Requests for which the figure is known.
        matching: How many of them the other policy would have sent to the same target.
        overlap: The share of requests on which the interval rests, from 0 to 1.
    """

    recorded: float
    mean: float
    low: float
    high: float
    samples: int
    matching: int
    overlap: float


def estimate(samples: Sequence[Sample]) -> Estimate | None:
    """Returns the estimate from samples; None if there are none."""
    if not samples:
        return None
    weights, outcomes, here, there = np.array(
        [(one.weight, one.outcome, one.expected_here, one.expected_there) for one in samples], float
    ).T
    count, total = len(samples), float(weights.sum())
    matching = int(np.count_nonzero(weights))
    recorded, expected = float(outcomes.mean()), float(there.mean())
    if matching < 2:
        return Estimate(recorded, expected, -inf, inf, count, matching, min(total / count, 1.0))
    residuals = outcomes - here
    correction = float(weights @ residuals) / total
    margin = _margin(weights, residuals - correction, there)
    mean = expected + correction
    return Estimate(recorded, mean, mean - margin, mean + margin, count, matching, min(total / count, 1.0))


def _margin(weights: Floats, residuals: Floats, there: Floats) -> float:
    """Returns half the width of the interval, from the influence of each request on the estimate.

    Each match is compared with the correction that the others make, as one of few would else be too near to it. Few
    matches, or a few of great weight, are worth fewer than they are: the quantile is that of Student's distribution
    with their effective number, and one more match of the greatest weight might be off by half of what was seen.
    """
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    if effective <= 2:
        return inf
    without = residuals / (1 - weights / weights.sum())
    influence = there - there.mean() + weights / weights.mean() * without
    unseen = float(weights.max() / weights.sum() * np.ptp(residuals) / 2)
    return _quantile(effective - 1) * sqrt(float((influence**2).mean()) / len(weights) + unseen**2)


def _quantile(freedom: float) -> float:
    """Returns the 97.5 % quantile of Student's distribution by the expansion of Cornish and Fisher."""
    z, v = Z, max(freedom, 1.0)
    first = (z**3 + z) / (4 * v)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    return z + first + second + third


def weight(matches: bool, propensity: float) -> float:
    """Returns the weight of a request whose recorded choice had this probability."""
    return 1 / propensity if matches and isfinite(propensity) and propensity > 0 else 0.0
