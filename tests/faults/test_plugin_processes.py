"""Plugins whose tasks and callbacks hold or end the process of a server."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PLUGIN = """
import asyncio, sys, threading
from ymera_service.sdk.hookspecs import hookimpl
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider

class Rude(Provider):
    name = "rude"

    async def models(self):
        return [ModelInfo("m")]

    def generate(self, request, context):
        raise NotImplementedError
{methods}
@hookimpl
def ymera_register_providers():
    return [Rude()]
"""


def installed(folder: Path, methods: str) -> list[str]:
    """Installs a plugin `rude` in a folder; returns the command of a server that loads no other."""
    (folder / "ymera_rude.py").write_text(PLUGIN.format(methods=methods))
    metadata = folder / "ymera_rude-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: ymera-rude\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[ymera]\nrude = ymera_rude\n")
    return [sys.executable, "-c", "from ymera_service.cli import main; main()", "serve", "--address", "127.0.0.1:0"]


@contextmanager
def running(folder: Path, methods: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A server in a process, whose only plugin has these methods; killed at the end if it still runs."""
    variables = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")])),
        "YMERA_STORAGE__URL": f"sqlite:///{folder / 'ymera.db'}",
        "YMERA_PLUGINS__ALLOW": '["ymera-rude"]',
        **variables,
    }
    command = installed(folder, methods)
    with subprocess.Popen(command, env=variables, stderr=subprocess.PIPE, cwd=folder, text=True) as server:
        try:
            yield server
        finally:
            server.kill()


STUBBORN = """
    async def start(self):
        self.task = asyncio.create_task(self.work())

    async def work(self):
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                pass
"""


def test_a_task_of_a_plugin_that_never_ends_does_not_stop_a_shutdown(tmp_path: Path) -> None:
    with running(tmp_path, STUBBORN) as server:
        assert server.stderr
        log = next(line for line in server.stderr if "serving" in line)
        server.send_signal(signal.SIGTERM)
        _, rest = server.communicate(timeout=30)
    assert server.returncode == 0, log + rest
    assert "Rude.work" in rest


HOLDING = """
    async def start(self):
        asyncio.get_running_loop().call_later(0.2, self.hold)

    def hold(self):
        while True:
            pass
"""


def test_a_server_whose_loop_a_plugin_never_gives_back_ends_and_logs_why(tmp_path: Path) -> None:
    with running(tmp_path, HOLDING, YMERA_SERVER__MAX_HELD_SECONDS="1.2") as server:
        _, log = server.communicate(timeout=60)
    assert server.returncode == 1, log
    assert "Rude.hold" in log
    assert "ending, as the event loop is held" in log


HALTED = """
    async def start(self):
        asyncio.get_running_loop().call_later(0.2, self.halt)

    def halt(self):
        watching = [each.name for each in threading.enumerate() if each.name == "ymera-held-loop"]
        print("halted", watching, file=sys.stderr, flush=True)
"""


def test_a_server_that_is_debugged_is_not_ended_while_its_loop_is_held(tmp_path: Path) -> None:
    with running(tmp_path, HALTED, YMERA_SERVER__MAX_HELD_SECONDS="0") as server:
        assert server.stderr
        assert next(line for line in server.stderr if line.startswith("halted")) == "halted []\n"


EXITING = """
    async def start(self):
        loop = asyncio.get_running_loop()
        self.task = loop.create_task(self.work())
        loop.call_later(0.2, sys.exit, 4)

    async def work(self):
        raise KeyboardInterrupt
"""


def test_a_task_and_a_callback_of_a_plugin_that_exit_do_not_end_the_server(tmp_path: Path) -> None:
    with running(tmp_path, EXITING) as server:
        assert server.stderr
        log = ""
        while log.count("event loop stopped by a plugin") < 2 or '"serving"' not in log:
            line = server.stderr.readline()
            assert line, log
            log += line
        server.send_signal(signal.SIGTERM)
        _, rest = server.communicate(timeout=30)
    assert server.returncode == 0, log + rest
    assert "in work" in log
    assert '"stopped"' in rest
