"""Ymera plugin: benchmark tasks whose right answers are computed.

Read in this order: `suite` (the suite), `task` (a task and its check), `templates` (the tasks of each category). The
grading of answers is that of `ymera_service.sdk.grading`.
"""

from collections.abc import Iterable

from ymera_basics.suite import BasicsSuite
from ymera_service.sdk.benchmarks import BenchmarkSuite
from ymera_service.sdk.hookspecs import hookimpl

__all__ = ["BasicsSuite", "ymera_register_benchmarks"]


@hookimpl
def ymera_register_benchmarks() -> Iterable[BenchmarkSuite]:
    """Offers the suite `basics`."""
    return [BasicsSuite()]
