"""Distinguishes a cancellation of the current task from a `CancelledError` that other code raised."""

import asyncio


def being_cancelled() -> bool:
    """Returns whether the current task is being cancelled; if not, a `CancelledError` is an ordinary failure."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
