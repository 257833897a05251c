"""Runs `@copilotkit/aimock`, a server of vendors' formats that others wrote."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

SERVER = Path(__file__).parents[2] / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
NODE = shutil.which("node")
WAIT = 30.0


def needed() -> None:
    """Skips the module that calls this if the server is not installed, unless it is required."""
    if os.environ.get("YMERA_TEST_AIMOCK") != "required" and not (NODE and SERVER.exists()):
        pytest.skip("no Node, or no `npm install --no-save @copilotkit/aimock` was run here", allow_module_level=True)


@asynccontextmanager
async def answering(folder: Path, fixtures: Mapping[str, Any]) -> AsyncIterator[str]:
    """Starts the server, which answers as the fixtures say; returns its address."""
    file = folder / "fixtures.json"
    file.write_text(json.dumps(fixtures))
    assert NODE
    command = [NODE, str(SERVER), "--port", "0", "--fixtures", str(file), "--chunk-size", "5", "--strict"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    assert process.stdout
    try:
        async with asyncio.timeout(WAIT):
            while b"listening on " not in (line := await process.stdout.readline()):
                assert line, "the server ended"
        yield line.decode().split("listening on ")[1].strip()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
