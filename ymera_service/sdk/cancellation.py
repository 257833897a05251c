"""Telling a cancellation of the present task from one that came out of other code."""

import asyncio


def being_cancelled() -> bool:
    """Returns whether the present task was asked to stop; if not, a `CancelledError` is a failure like others."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
