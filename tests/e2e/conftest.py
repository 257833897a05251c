"""Recorded exchanges served over HTTP, and commands run in a folder of their own."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from recordings import replaying

from tests.e2e.homes import BOUND, CONFIG, Home, address_in

LIMIT = 300
"""The time limit of a test here, in seconds: a command that starts a server takes some on a busy machine."""


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LIMIT))


@pytest.fixture(scope="module")
def replay() -> Iterator[Any]:
    """The recordings, served over HTTP on this machine."""
    with replaying() as server:
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    path = tmp_path_factory.mktemp("home")
    (path / "ymera.toml").write_text(CONFIG)
    return Home(path)


@pytest.fixture(scope="module")
def server(home: Home) -> Iterator[str]:
    """The address of `ymera serve`, which ends on SIGTERM."""
    with home.start("serve", "--address", "127.0.0.1:0") as process:
        assert process.stderr
        try:
            yield address_in(process.stderr)
        finally:
            process.terminate()
            _, rest = process.communicate(timeout=BOUND)
            assert process.returncode == 0, rest
            assert "Traceback" not in rest


@pytest.fixture(params=["running", "own"])
def where(request: pytest.FixtureRequest) -> list[str]:
    """The options that choose a server: one that runs, or none."""
    return ["--address", request.getfixturevalue("server")] if request.param == "running" else []
