"""A server of ours with all installed plugins."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
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
