"""The keys of benchmarks that the server runs by itself."""

from typing import Annotated

from pydantic import Field

from ymera_service.config.sections import Dollars, Section


class BenchmarkSettings(Section):
    """Benchmarks that the servers with one database run by themselves, each once."""

    every_hours: Annotated[float, Field(ge=1, le=12)] | None = None
    """How many hours pass from the beginning of one to that of the next; unset means that none are run."""
    tasks_per_category: Annotated[int, Field(ge=1, le=1000)] = 2
    """The maximum number of tasks per suite and category."""
    max_dollars: Dollars = 1.0
    """What each may cost, in USD. Models whose price is not known are left out."""
