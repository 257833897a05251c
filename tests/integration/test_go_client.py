"""The Go client, generated from the same protos, works."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ymera_service.server import Application

if TYPE_CHECKING:
    from tests.integration.conftest import Lab

CLIENT = Path(__file__).parents[2] / "clients" / "go"
BUILD_SECONDS = 300
"""The first build fetches and compiles grpc."""

pytestmark = pytest.mark.skipif(shutil.which("go") is None, reason="go is not installed")


@pytest.fixture
async def lab(lab: Lab) -> Lab:
    """A lab whose only model answers."""
    scripts = lab.provider.scripts
    lab.provider.scripts = {"parrot": scripts["parrot"]}
    return lab


async def go(address: str, *arguments: str) -> str:
    """Runs go in the client's folder, with the server's address, and returns its output."""
    process = await asyncio.create_subprocess_exec(
        "go",
        *arguments,
        cwd=CLIENT,
        env={**os.environ, "YMERA_ADDRESS": address},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,  # go lists its downloads there
    )
    output, remarks = await asyncio.wait_for(process.communicate(), BUILD_SECONDS)
    assert process.returncode == 0, (output + remarks).decode()
    return output.decode()


async def test_the_example_prints_the_answer_and_why(app: Application) -> None:
    printed = await go(app.address, "run", "./example", "one two three")
    assert printed.startswith("one two three ")
    assert "lab/parrot: " in printed


async def test_the_clients_own_tests_pass(app: Application) -> None:
    assert "ok" in await go(app.address, "test", "-count=1", "./...")
