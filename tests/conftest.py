"""Databases for tests: a SQLite file, and a PostgreSQL server that the tests start themselves.

`YMERA_TEST_POSTGRES_URL` names a server to use instead, in which databases may be created. Without it and without
Debian's PostgreSQL, tests of PostgreSQL are skipped, or fail with `YMERA_TEST_POSTGRES=required`.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped]  # ships no types
import pytest
import structlog

_DEBIAN = Path("/usr/lib/postgresql")
# Read once, as tests of configuration remove all YMERA_ variables.
_CONFIGURED = os.environ.get("YMERA_TEST_POSTGRES_URL")
_REQUIRED = os.environ.get("YMERA_TEST_POSTGRES") == "required"


Observe = Callable[[str], None]


@pytest.fixture(autouse=True)
def plain_tracebacks() -> None:
    """Has the log show tracebacks as a server does. Those with local variables may hold the loop for seconds."""
    *others, _ = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*others, plain])


@pytest.fixture
def observe(record_property: Callable[[str, object], None]) -> Observe:
    """Notes what was seen, for the table that `tests/faults/report.py` prints."""
    return partial(record_property, "observed")


class PostgresProcess:
    """A PostgreSQL server that can be stopped and started again."""

    def __init__(self, programs: Path, folder: Path, user: dict[str, Any]) -> None:
        self.url = f"postgresql://postgres@/postgres?host={folder}"
        self._folder = folder
        self._pid_file = folder / "data" / "postmaster.pid"
        self._user = user
        self._control: list[str | Path] = [programs / "pg_ctl", "-D", folder / "data", "-w", "-s"]

    def start(self) -> None:
        """Returns when it answers."""
        options = f"-k {self._folder} -c listen_addresses='' -c max_connections=200"
        _run([*self._control, "-l", self._folder / "log", "-o", options, "start"], self._user)

    def stop(self, mode: str = "immediate") -> None:
        """Stops it and disconnects its clients; `immediate` also skips the checkpoint."""
        _run([*self._control, "-m", mode, "stop"], self._user)

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to each of its processes, the first one first."""
        pid = int(self._pid_file.read_text().splitlines()[0])
        for process in (pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())):
            os.kill(process, number)

    @property
    def runs(self) -> bool:
        """Whether it was started and not stopped."""
        return self._pid_file.exists()


@pytest.fixture(scope="session", autouse=True)
def interruptions() -> None:
    """Restores SIGINT, which a shell's background job and its children ignore; tests interrupt processes with it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of the default database of a PostgreSQL server."""
    if _CONFIGURED:
        yield _CONFIGURED
        return
    with _installed(_programs()) as server:
        server.start()
        yield server.url


@pytest.fixture
def postgres_process() -> Iterator[PostgresProcess]:
    """A running PostgreSQL server for one test, which may stop it."""
    with _installed(_programs()) as server:
        server.start()
        yield server


def _programs() -> Path:
    folders = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parent.parent.name))
    if not folders:
        _missing(f"no PostgreSQL under {_DEBIAN} and no YMERA_TEST_POSTGRES_URL")
    return folders[-1].parent


def _missing(reason: str) -> NoReturn:
    if _REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def _installed(programs: Path) -> Iterator[PostgresProcess]:
    """A server that has not been started yet."""
    folder = Path(tempfile.mkdtemp(prefix="ymera-pg-", dir="/tmp"))  # a socket's path has to be short
    user = _unprivileged(folder)
    server = PostgresProcess(programs, folder, user)
    try:
        _run([programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"], user)
        yield server
    finally:
        if server.runs:
            server.stop()
        shutil.rmtree(folder)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root; as root it is started as the user that its package made."""
    if os.geteuid() != 0:
        return {}
    shutil.chown(folder, "postgres", "postgres")
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def _run(command: Sequence[str | Path], user: dict[str, Any]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60, cwd="/", **user)


@pytest.fixture
async def postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """The URL of an empty PostgreSQL database for one test."""
    name = f"ymera_{uuid4().hex}"
    connection = await asyncpg.connect(postgres_server)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        yield urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}"))
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'ymera.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, of each kind in turn."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url
