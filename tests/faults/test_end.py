"""The process ends, whatever a plugin left running."""

import subprocess
import sys
from pathlib import Path

import pytest

WAIT = 60
SERVER = """
import asyncio, os, signal, sys, threading, time
from ymera_service import server
from ymera_service.config import Settings

async def ignores_cancellation():
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass

def started(app):
    if sys.argv[2] == "task":
        app.task = asyncio.get_running_loop().create_task(ignores_cancellation())
    else:
        threading.Thread(target=time.sleep, args=(3600,)).start()
    os.kill(os.getpid(), signal.SIGTERM)

plugins = {"disabled": ["anthropic", "openai"]}
settings = Settings(
    server={"address": "127.0.0.1:0"}, storage={"url": f"sqlite:///{sys.argv[1]}/ymera.db"}, plugins=plugins
)
server.run(settings, started)
"""


@pytest.mark.parametrize(("what", "said"), [("task", "ignores_cancellation"), ("thread", "still running")])
def test_a_task_or_thread_that_never_ends_does_not_keep_the_process(tmp_path: Path, what: str, said: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", SERVER, tmp_path, what], capture_output=True, text=True, check=False, timeout=WAIT
    )
    assert run.returncode == 0, run.stderr
    assert '"stopped"' in run.stderr
    assert said in run.stderr
