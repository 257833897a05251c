"""A server of ours with all installed plugins, and the replay server of the recordings."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from ymera_service.config import Settings
from ymera_service.server import Application

_BEGINNINGS, _ENDS = ("YMERA_", "AWS_"), ("_API_KEY", "_API_TOKEN", "_BASE_URL")


@asynccontextmanager
async def serving(
    folder: Path, plugins: Mapping[str, Any], prices: Mapping[str, Any] | None = None
) -> AsyncIterator[grpc.aio.Channel]:
    """Starts a server and connects to it.

    Args:
        folder: Where it stores its data.
        plugins: The tables of plugins; nothing is looked for on this machine, nor read from the environment.
        prices: Of models, by their ids.
    """
    tables: dict[str, Any] = {
        "server": {"address": "127.0.0.1:0", "drain_seconds": 1},
        "storage": {"url": f"sqlite:///{folder}/ymera.db"},
        "execution": {"max_attempts": 1, "idle_seconds": 3},
        "catalog": {"prices": dict(prices or {})},
        "plugins": {"ollama": {"discover_local": False}, **plugins},
    }
    tables["plugins"]["openai"] = {"discover_local": False, **plugins.get("openai", {})}
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(_BEGINNINGS) or name.endswith(_ENDS):
                patch.delenv(name)
        async with (
            Application.start(Settings(**tables)) as app,
            grpc.aio.insecure_channel(app.address) as channel,
        ):
            yield channel


@contextmanager
def replaying(wire: Path) -> Iterator[Any]:
    """Serves the recordings over HTTP on this machine."""
    specification = importlib.util.spec_from_file_location("replay_server", wire / "replay_server.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules["replay_server"] = module  # its dataclasses look there for their own module
    specification.loader.exec_module(module)
    with module.ReplayServer(wire) as server:
        yield server
