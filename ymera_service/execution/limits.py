"""How long a target may take to give a first sign of an answer before the next one is called."""

import asyncio
from math import inf

from ymera_service.config import ExecutionSettings
from ymera_service.execution.context import ExecutionContext
from ymera_service.resilience.first_signs import FirstSigns
from ymera_service.sdk.targets import Target

SHARE = 0.5
"""Of the time until the deadline, what a target may take to give a sign while another may be called after it,"""
PATIENCE = 1.5
"""unless its usual time for a whole answer, times this, is longer."""
USUALLY = 0.99
"""The share of a target's streamed answers that begin within its usual time."""
SLOWER = 3.0
"""A target may take this multiple of its usual time while another may be called after it,"""
LEAST_SECONDS = 2.0
"""but at least this long,"""
SELDOM_LATER = 0.95
"""The share of a target's streamed answers that begin before another target is called beside it,"""
LEAST_HEDGE_SECONDS = 0.02
"""but not within less."""
SECONDS_PER_TOKEN = 0.001
"""and as long as a slow server takes to read the prompt, at 1,000 tokens a second."""


class TimeLimits:
    """The limits of attempts, which are learned from those before."""

    def __init__(self, settings: ExecutionSettings) -> None:
        self._settings = settings
        self._first_signs = FirstSigns()
        self._first_parts = FirstSigns()

    def first(self, context: ExecutionContext, target: Target, *, last: bool) -> float:
        """Returns the seconds until the first sign; while another target may be called, time is kept for it."""
        seconds = self._settings.first_token_seconds if context.execution.stream else self._settings.unary_seconds
        seconds = min(seconds, context.execution.request.preferences.patience)
        if last:
            return seconds
        left = context.execution.request.deadline - asyncio.get_running_loop().time()
        usual = PATIENCE * usual_seconds(context, target)
        return min(seconds, self._learned(context, target), max(SHARE * left, min(usual, left)))

    def hedge(self, context: ExecutionContext, target: Target) -> float | None:
        """Returns the seconds after which a target that has not begun its answer is slow; None if that is not known."""
        if context.execution.stream:
            usual = self._first_parts.quantile(target.pool, SELDOM_LATER)
        else:
            usual = PATIENCE * usual_seconds(context, target) or None
        if usual is None:
            return None
        left = context.execution.request.deadline - asyncio.get_running_loop().time()
        return min(max(usual, LEAST_HEDGE_SECONDS), SHARE * left)

    def learn_part(self, context: ExecutionContext, target: Target, seconds: float) -> None:
        """Takes the time until a streamed answer began, or after which another target was quicker."""
        if context.execution.stream:
            self._first_parts.observe(target.pool, seconds)

    def learn(self, context: ExecutionContext, target: Target, seconds: float) -> None:
        """Takes the time until the first sign of a streamed answer, or after which there was none."""
        if context.execution.stream:
            self._first_signs.observe(target.pool, seconds)

    def _learned(self, context: ExecutionContext, target: Target) -> float:
        """Returns the limit that a target's earlier streams suggest. How long a whole answer takes depends on its
        length, so these have none."""
        decision = context.execution.decision
        usual = self._first_signs.quantile(target.pool, USUALLY) if context.execution.stream else None
        if usual is None or decision is None:
            return inf
        return max(LEAST_SECONDS, SLOWER * usual, decision.inputs.input_tokens * SECONDS_PER_TOKEN)


def usual_seconds(context: ExecutionContext, target: Target) -> float:
    """Returns how long a target usually takes to a whole answer, as far as that was measured; else 0."""
    decision = context.execution.decision
    if context.execution.stream or decision is None:
        return 0.0
    for candidate in decision.candidates:
        if candidate.target.pool == target.pool:
            return candidate.expected_latency or 0.0
    return 0.0
