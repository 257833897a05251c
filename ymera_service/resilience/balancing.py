"""Which of the targets that give the same answer is called first: a function of what is known of each.

The default is peak-EWMA over least outstanding, as in Finagle: the lowest product of latency and calls under way. A
latency rises at once to what was observed, and falls with time. What was much slower than others, or failed lately,
costs a multiple, so that it gets a call now and then instead of a share; what has little left of its rate limits, or a
small weight, costs more in proportion.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp

from ymera_service.config import BalancingPolicy

DECAY_SECONDS = 30.0
"""The time constant with which what was observed once loses its weight."""
NOISE = 1.25
"""What differs from the usual by a smaller factor counts as usual, so that calls are spread over accounts that are
alike, and not sent to the one that was the luckiest."""
SLOW = 2.0
"""What is expected to take more than this many times as long as the usual counts as slow,"""
SLOW_COSTS = 10.0
"""and costs this many times as much. A target five times slower than others would else get 4 % of the calls of a busy
model, as the share falls with the square of the latency: enough to make up the slowest 1 %."""
LEAST_HEADROOM = 0.01
"""Less than that is as bad."""


@dataclass(slots=True)
class Option:
    """What is known of a target.

    Attributes:
        wait: Seconds until it may be called; 0 if it may now, infinite if nothing says when.
        rest: Seconds until its rate limits are reset, if they are used up.
        own: The session's last answer came from it, so that its provider may have the prompt in its cache.
        under_way: Calls that are not over.
        latency: In seconds, as observed last; None if not known.
        idle: Seconds since then.
        penalty: What its latest failure makes of its cost, from 1.
        headroom: What is left of its rate limits, from 0 to 1.
        weight: How much it is to get in comparison with others.
        passed: The turns that it had, by its weight.
    """

    wait: float = 0.0
    rest: float = 0.0
    own: bool = False
    under_way: int = 0
    latency: float | None = None
    idle: float = 0.0
    penalty: float = 1.0
    headroom: float = 1.0
    weight: float = 1.0
    passed: float = 0.0

    @property
    def is_free(self) -> bool:
        """Whether it may be called, and has something left of its rate limits."""
        return not self.wait and not self.rest


def order(options: Sequence[Option], policy: BalancingPolicy, draw: Callable[[], float]) -> list[int]:
    """Returns the positions of options, the best first.

    Whatever the policy, those that may be called go first; of these, those with something left of their rate limits; of
    these, the session's own. `draw` returns numbers from 0 to 1, which settle the order of equals.
    """
    if policy is BalancingPolicy.PEAK_EWMA:
        usual = _usual(options)
        costs = [_cost(option, usual) for option in options]
    else:
        costs = [option.passed for option in options]
    keys = [
        (option.wait, option.rest, not option.own, cost, draw()) for option, cost in zip(options, costs, strict=True)
    ]
    return sorted(range(len(options)), key=keys.__getitem__)


def decayed(value: float, towards: float, seconds: float) -> float:
    """Returns a value after some time in which it fell towards another one."""
    return towards + (value - towards) * exp(-seconds / DECAY_SECONDS)


def _usual(options: Sequence[Option]) -> float:
    """Returns the lower quartile of the latencies of what may be called: of three options it is the quickest, and of
    fifty not the luckiest."""
    known = sorted([option.latency for option in options if option.latency is not None and not option.wait])
    return known[len(known) // 4] if known else 1.0


def _cost(option: Option, usual: float) -> float:
    seconds = usual if option.latency is None else option.latency
    if seconds > usual:
        seconds = decayed(seconds, usual, option.idle)
    seconds = usual if usual / NOISE < seconds < usual * NOISE else seconds
    seconds *= option.penalty
    if seconds > SLOW * usual:
        seconds *= SLOW_COSTS
    return seconds * (option.under_way + 1) / (max(option.headroom, LEAST_HEADROOM) * option.weight)
