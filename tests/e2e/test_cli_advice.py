"""The advice to measure the models, which is given once, on a terminal, where a real model answered."""

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

YMERA = [sys.executable, "-c", "from ymera_service.cli import main; main()"]
BOUND = 60
ADVICE = "`ymera benchmark` measures"


class Vendor(BaseHTTPRequestHandler):
    """A model that says hello."""

    def do_GET(self) -> None:
        self._send("application/json", json.dumps({"data": [{"id": "small", "object": "model"}]}))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        delta = {"id": "x", "choices": [{"index": 0, "delta": {"content": "hello"}, "finish_reason": "stop"}]}
        self._send("text/event-stream", f"data: {json.dumps(delta)}\n\ndata: [DONE]\n\n")

    def _send(self, kind: str, text: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Logs nothing."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Vendor) as vendor:
        threading.Thread(target=vendor.serve_forever, daemon=True).start()
        endpoint = f'base_url = "http://127.0.0.1:{vendor.server_port}/v1"'
        (tmp_path / "ymera.toml").write_text(
            "[plugins.ollama]\ndiscover_local = false\n[plugins.openai]\ndiscover_local = false\n"
            f"[plugins.openai.endpoints.acme]\n{endpoint}\n"
        )
        yield tmp_path
        vendor.shutdown()


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    homes = {f"XDG_{kind}_HOME": str(folder / kind) for kind in ("DATA", "CONFIG", "STATE")}
    return {**kept, **homes, "TERM": "xterm", "COLUMNS": "300"}


def on_a_terminal(folder: Path) -> str:
    control, terminal = pty.openpty()
    with subprocess.Popen(
        [*YMERA, "ask", "Hi"], cwd=folder, env=environment(folder), stdin=terminal, stdout=terminal, stderr=terminal
    ) as process:
        os.close(terminal)
        shown = b""
        try:
            while data := os.read(control, 4096):
                shown += data
        except OSError:  # the process has ended
            pass
        assert process.wait(BOUND) == 0, shown
    os.close(control)
    return shown.decode()


def test_the_advice_is_given_once_and_on_a_terminal_only(folder: Path) -> None:
    piped = subprocess.run(
        [*YMERA, "ask", "Hi"], cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=BOUND,
        check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert piped.stdout == "hello\n"
    assert ADVICE not in piped.stderr
    first = on_a_terminal(folder)
    assert "hello" in first
    assert ADVICE in first
    assert "tasks, about" in first
    assert ADVICE not in on_a_terminal(folder)
