"""Whose cancellation it is: a stranger's code may raise `CancelledError` though nobody cancelled it."""

import asyncio


def being_cancelled() -> bool:
    """Tells whether the present task was asked to stop; otherwise a `CancelledError` is a failure like others."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
