"""Ymera plugin: benchmark tasks that strong models do not all solve.

Read in this order: `suite` (the suite), `task` and `programs` (a task and its rules), `sandbox` (where programs that
models wrote are run), `templates` (the tasks of each category), `conversations` (the suite whose answers are compared).
"""

from collections.abc import Iterable

from ymera_demanding.conversations import ConversationsSuite
from ymera_demanding.suite import DemandingSuite
from ymera_service.sdk.benchmarks import BenchmarkSuite
from ymera_service.sdk.hookspecs import hookimpl

__all__ = ["ConversationsSuite", "DemandingSuite", "ymera_register_benchmarks"]


@hookimpl
def ymera_register_benchmarks() -> Iterable[BenchmarkSuite]:
    """Offers the suites `demanding` and `conversations`."""
    return [DemandingSuite(), ConversationsSuite()]
