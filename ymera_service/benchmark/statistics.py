"""The confidence interval of a mean."""

from math import sqrt

Z_95 = 1.959963984540054
"""The standard normal distribution's quantile of 0.975: 95 % lie within ± this."""


def wilson(mean: float, count: int, z: float = Z_95) -> tuple[float, float]:
    """Returns the ends of Wilson's score interval of a share.

        (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n)

    E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of the
    American Statistical Association 22 (1927), 209–212. For scores between 0 and 1, whose variance is at
    most p(1−p), the interval is wider than it need be, never narrower.

    Args:
        mean: The share p, from 0 to 1.
        count: The number n of observations; with 0 the interval is (0, 1).
        z: The quantile for the confidence level.
    """
    if count == 0:
        return 0.0, 1.0
    square = z * z / count
    centre = mean + square / 2
    margin = sqrt(square * mean * (1 - mean) + square * square / 4)
    low, high = (centre - margin) / (1 + square), (centre + margin) / (1 + square)
    # At 0 and 1 an end equals the mean; rounding must not push it beyond the mean.
    return max(0.0, min(low, mean)), min(1.0, max(high, mean))
