"""The samples of the README print an answer, also if the model reasons first."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ymera_service.server import Application

if TYPE_CHECKING:
    from tests.integration.conftest import Lab

ROOT = Path(__file__).parents[2]
BUILD_SECONDS = 300
"""The first build of a Go program fetches and compiles grpc."""
GO = """package main

import (
    "context"
    "fmt"
    "log"

    ymera "github.com/ymera/ymera/clients/go"
)

func main() {{
{sample}
}}
"""


@pytest.fixture
async def lab(lab: Lab) -> Lab:
    """A lab whose only model thinks, then answers."""
    scripts = lab.provider.scripts
    lab.provider.scripts = {"everything": scripts["everything"]}
    return lab


def sample(language: str, address: str) -> str:
    readme = (ROOT / "README.md").read_text()
    [code] = re.findall(rf"^```{language}\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    assert "127.0.0.1:50051" in code
    return str(code).replace("127.0.0.1:50051", address)


async def run(folder: Path, *command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, remarks = await asyncio.wait_for(process.communicate(), BUILD_SECONDS)
    assert process.returncode == 0, (output + remarks).decode()
    return output.decode()


async def test_the_python_client_prints_the_answer_its_model_and_why(app: Application, tmp_path: Path) -> None:
    program = tmp_path / "client.py"
    program.write_text(sample("python", app.address))
    assert (await run(tmp_path, sys.executable, str(program))).startswith("see here lab/everything lab/everything for ")


@pytest.mark.skipif(shutil.which("go") is None, reason="go is not installed")
async def test_the_go_client_prints_the_answer_its_model_and_why(app: Application, tmp_path: Path) -> None:
    program = tmp_path / "main.go"
    program.write_text(GO.format(sample=sample("go", app.address)))
    printed = await run(ROOT / "clients" / "go", "go", "run", str(program))
    assert printed.startswith("see here lab/everything lab/everything for ")
