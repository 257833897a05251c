"""The keys of the storage of records."""

import re
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import Field, model_validator

from ymera_service.config.sections import Section

_HOST = r"(?:\[[^\]/?#@]*\]|[^/?#@\[\]:,]*)(?::\d+)?"
_OPTION = r"\w+=[^&#]*"
_POSTGRESQL = re.compile(
    rf"postgresql://(?:[^/?#@\[\]]*@)?{_HOST}(?:,{_HOST})*(?:/[^?#@]*)?(?:\?{_OPTION}(?:&{_OPTION})*)?"
)


class StorageSettings(Section):
    """Where records are stored."""

    url: str = Field(default_factory=lambda: f"sqlite:///{default_database()}", repr=False)
    """`sqlite:///path` or `postgresql://user:password@host/database`."""
    state_folder: Path | None = None
    """Where a server with PostgreSQL notes the calls under way, to account for them after a crash: a folder that
    outlives the process. Unset means the user's state folder. With SQLite they are noted beside the database."""
    retention_days: Annotated[float, Field(ge=0, le=36_500)] = 90
    """Days after which executions are deleted; 0 means never."""
    max_executions: Annotated[int, Field(ge=0, le=10**12)] = 5_000_000
    """The maximum number of executions; the oldest ones are deleted. 0 means no limit."""

    max_benchmark_answers: Annotated[int, Field(ge=0, le=10**9)] = 10_000
    """How many answers to benchmark tasks are kept for `ymera benchmark show`, each with its prompt; the oldest are
    deleted, and those older than `retention_days`. 0 keeps none."""

    @model_validator(mode="after")
    def _known_database(self) -> "StorageSettings":
        if not self.url.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("the url does not begin with sqlite:/// or postgresql://")
        if self.url.startswith("postgresql://") and not _POSTGRESQL.fullmatch(self.url):
            # Drivers would take a part of the password for the host or port, and show it in their errors.
            remedy = "percent-encode / ? # @ [ ] within user and password"
            raise ValueError(f"the url is not of the form postgresql://user:password@host:port/database; {remedy}")
        return self


def default_database() -> Path:
    """Returns the default path of the database, in the user's data folder."""
    return platformdirs.user_data_path("ymera") / "ymera.db"
