"""Measures a start with many models: `uv run tests/bench/catalogue.py`.

A host lists 1,000 models of 20 providers, each list after half a second. A server is started three times in a process
of its own: with nothing kept, with the lists kept, and with the lists kept while the host hangs. Printed are wall and
CPU time of the start, without imports, and the memory afterwards. On a busy machine only the CPU time means something.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from aiohttp import web

PROVIDERS, MODELS, LISTING_SECONDS = 20, 50, 0.5
PRICE_VENDORS = ("openai", "mistral", "groq", "x-ai", "")
NAMES = json.loads((Path(__file__).parents[2] / "plugins/published/src/ymera_published/models.json").read_text())[
    "models"
].keys()


async def measure(url: str, folder: str) -> None:
    """Starts a server, and prints what that took."""
    from ymera_service.config import Settings
    from ymera_service.server import Application

    endpoints = {
        f"p{number}": {"base_url": f"{url}/{number}", "price_vendor": PRICE_VENDORS[number % len(PRICE_VENDORS)]}
        for number in range(PROVIDERS)
    }
    settings = Settings.model_validate(
        {
            "server": {"address": "127.0.0.1:0"},
            "storage": {"url": f"sqlite:///{folder}/ymera.db"},
            "plugins": {
                "openai": {"discover_local": False, "endpoints": endpoints},
                "ollama": {"discover_local": False},
            },
        }
    )
    began, used = time.perf_counter(), time.process_time()
    async with Application.start(settings) as app:
        wall, cpu = time.perf_counter() - began, time.process_time() - used
        offered = sum(count for name, count in app.offers.items() if name in endpoints)
        await asyncio.sleep(3 * LISTING_SECONDS)  # in which the lists are refreshed, and kept
        print(f"{offered:,} models · start {wall:.2f} s, CPU {cpu:.2f} s · {_resident():.0f} MB", flush=True)


def _resident() -> float:
    """Returns the memory of this process in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4 / 1024


async def main() -> None:
    """Runs the host, and a process for each start."""
    hangs = asyncio.Event()
    names = [name for name in NAMES if not name.startswith("*/")][: PROVIDERS * MODELS]

    async def answer(request: web.Request) -> web.Response:
        await (asyncio.Event().wait() if hangs.is_set() else asyncio.sleep(LISTING_SECONDS))
        first = int(request.match_info["number"]) * MODELS
        listed = [{"id": name.partition("/")[2]} for name in names[first : first + MODELS]]
        return web.json_response({"data": listed})

    app = web.Application()
    app.router.add_get("/{number}/models", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address, port = runner.addresses[0][:2]
    with tempfile.TemporaryDirectory() as folder:
        for what in ("nothing kept", "lists kept", "lists kept, the host hangs"):
            if "hangs" in what:
                hangs.set()
            print(f"{what}: ", end="", flush=True)
            command = [sys.executable, __file__, f"http://{address}:{port}", folder]
            process = await asyncio.create_subprocess_exec(*command, stderr=subprocess.DEVNULL)
            async with asyncio.timeout(120):
                await process.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(measure(*sys.argv[1:]) if len(sys.argv) > 1 else main())
