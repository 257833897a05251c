"""A user's folder, in which commands are run in separate processes."""

import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

YMERA = [sys.executable, "-c", "from ymera_service.cli import main; main()"]
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
CONFIG = """
[plugins]
disabled = ["anthropic", "openai"]

[plugins.echo]
pause_seconds = 0.02

[plugins.simulator.faults]
sim-free = { mode = "server_error" }
sim-small = { mode = "cut" }
"""
"""The tests never call a vendor or another local server."""
LONG = " ".join(f"word{number}" for number in range(1000))
BOUND = 60
"""The bound on every wait of a test, in seconds."""


@dataclass(frozen=True)
class Home:
    """A user's folder."""

    path: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.endswith(("_API_KEY", "YMERA_ADDRESS"))}
        return {
            **kept,
            **{f"XDG_{kind}_HOME": str(self.path / kind) for kind in ("DATA", "CONFIG", "STATE", "CACHE")},
            "COLUMNS": "200",
        }

    def run(self, *arguments: str, stdin: str | bytes = "", **environment: str) -> subprocess.CompletedProcess[str]:
        run = subprocess.run(
            [*YMERA, *arguments],
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
            cwd=self.path,
            env={**self.environment, **environment},
            capture_output=True,
            check=False,
            timeout=BOUND,
        )
        done = subprocess.CompletedProcess(run.args, run.returncode, run.stdout.decode(), run.stderr.decode())
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def json(self, *arguments: str) -> Any:
        run = self.run(*arguments, "--json")
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*YMERA, *arguments],
            cwd=self.path,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def address_in(logs: Iterable[str]) -> str:
    serving = next(line for line in map(json.loads, logs) if line["event"] == "serving")
    return str(serving["address"])


def on_a_terminal(home: Home, *arguments: str, answer: str = "", code: int = 0, **environment: str) -> str:
    """Runs a command on a terminal at which a line is typed, and returns all that it wrote there."""
    control, terminal = pty.openpty()
    colours: Mapping[str, str] = {**home.environment, "TERM": "xterm-256color", **environment}
    plain = {name: value for name, value in colours.items() if name != "NO_COLOR" or "NO_COLOR" in environment}
    with subprocess.Popen(
        [*YMERA, *arguments], cwd=home.path, env=plain, stdin=terminal, stdout=terminal, stderr=terminal
    ) as process:
        os.close(terminal)
        os.write(control, answer.encode())
        written = b"".join(_written(control))
        assert process.wait(BOUND) == code
    os.close(control)
    return written.decode()


def _written(control: int) -> Iterator[bytes]:
    while select.select([control], [], [], BOUND)[0]:
        try:
            data = os.read(control, 4096)
        except OSError:  # no process has the terminal open any more
            return
        if not data:
            return
        yield data
