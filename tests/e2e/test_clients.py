"""The clients are built with the commands of their READMEs and pass the checks of `clients/README.md`."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "clients"
CHECKS = re.findall(r"^\| `([\w-]+)` \|", (CLIENTS / "README.md").read_text(), re.MULTILINE)
LANGUAGES = sorted(each.name for each in CLIENTS.iterdir() if each.is_dir())
WANTED = set(filter(None, os.environ.get("YMERA_TEST_CLIENTS", "").split(",")))
assert set(LANGUAGES) >= WANTED, f"YMERA_TEST_CLIENTS names clients that are not in {LANGUAGES}"
BUILD_SECONDS = 1200
"""The first build of a client fetches and compiles what it depends on."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that was started as the README says."""
    folder = tmp_path_factory.mktemp("server")
    command = [sys.executable, "-c", "from ymera_service.cli import main; main()", "serve", "--address", "127.0.0.1:0"]
    homes = {f"XDG_{kind}_HOME": str(folder / kind) for kind in ("DATA", "CONFIG")}
    settings = dict(re.findall(r"(YMERA_PLUGINS\w+)=([\w.]+)", (CLIENTS / "README.md").read_text()))
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    environment = {**kept, **homes, **settings}
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            yield next(line["address"] for line in map(json.loads, process.stderr) if line["event"] == "serving")
        finally:
            process.terminate()
            process.communicate(timeout=60)


@pytest.mark.timeout(BUILD_SECONDS + 60)
@pytest.mark.parametrize(
    "language",
    [
        pytest.param(each, marks=pytest.mark.skipif(each not in WANTED, reason=f"{each} is not in YMERA_TEST_CLIENTS"))
        for each in LANGUAGES
    ],
)
def test_a_client_prints_an_answer_and_passes_every_check(language: str, address: str) -> None:
    readme = (CLIENTS / language / "README.md").read_text()
    [commands] = re.findall(r"^```sh\n(.*?127\.0\.0\.1.*?)^```", readme, re.DOTALL | re.MULTILINE)
    buf = ROOT / "node_modules" / ".bin"
    run = subprocess.run(
        ["bash", "-euc", commands.replace("127.0.0.1:50051", address)],
        cwd=CLIENTS / language,
        env={**os.environ, "YMERA_ADDRESS": address, "PATH": f"{buf}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"391\n\nsimulator/[\w-]+ for math ", run.stdout), "the example prints the answer and why"
    assert re.findall(r"ok   (\S+)$", run.stdout, re.MULTILINE) == CHECKS
