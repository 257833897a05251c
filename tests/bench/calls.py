"""Counts the calls of Python functions that a request costs: `uv run tests/bench/calls.py`.

Unlike CPU time, the count hardly depends on what else the machine does. Requests are sent one after the other to the
servers of `gateway.py`, each of which runs below a profiler that counts the frames entered in every thread; a
coroutine that is resumed counts again. Shown are the calls per request by package, and with `--functions` by function.
"""

import argparse
import asyncio
import json
import re
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from types import CodeType, FrameType

import gateway
from rich.console import Console
from rich.table import Table

FOLDER = re.compile(rf"{re.escape(str(gateway.HERE.parents[1]))}/ymera_service/|.*/(?:site-packages|src|python3\.\d+)/")
REST_SECONDS = 0.2
"""How long after the last answer what follows a request is waited for."""
IDLE_SECONDS = 3.0
"""How long the calls are counted that a server makes without requests, which are subtracted."""
LEAST_SHOWN = 0.5
"""Calls per request; what takes fewer is in the sum alone."""

Counts = Mapping[str, float]


def serve(script: str, arguments: Sequence[str]) -> None:
    """Runs a script and counts calls; SIGUSR1 makes it print the counts so far as a line of JSON."""
    counts: Counter[CodeType] = Counter()

    def count(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            counts[frame.f_code] += 1

    def report(*_: object) -> None:
        sys.setprofile(None)
        named: Counter[str] = Counter()
        for code, calls in list(counts.items()):
            named[f"{code.co_filename}:{code.co_firstlineno} {code.co_qualname}"] += calls
        print(json.dumps(named), flush=True)
        sys.setprofile(count)

    signal.signal(signal.SIGUSR1, report)
    sys.argv = [script, *arguments]
    threading.setprofile(count)
    sys.setprofile(count)
    runpy.run_path(script, run_name="__main__")


async def counted(address: str, process: subprocess.Popen[str], requests: int, *, stream: bool) -> Counts:
    """Returns the calls per request by function."""
    ask = gateway.streamed if stream else gateway.whole

    async def snapshot() -> tuple[float, Counter[str]]:
        process.send_signal(signal.SIGUSR1)
        counts = json.loads(await asyncio.to_thread(gateway.first_line, process))
        return time.monotonic(), Counter(counts)

    async with gateway.stub(address) as server:
        for _ in range(20):
            await ask(server)
        await asyncio.sleep(REST_SECONDS)
        idle_from, at_first = await snapshot()
        await asyncio.sleep(IDLE_SECONDS)
        began, before = await snapshot()
        for _ in range(requests):
            await ask(server)
        await asyncio.sleep(REST_SECONDS)
        ended, after = await snapshot()
    idle = (ended - began) / (began - idle_from)
    spent = {name: calls - before[name] - (before[name] - at_first[name]) * idle for name, calls in after.items()}
    return {name: calls / requests for name, calls in spent.items()}


def measure(requests: int, kinds: Sequence[str], *, stream: bool) -> dict[str, Counts]:
    """Returns the calls per request of each server."""
    found: dict[str, Counts] = {}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        upstream = stack.enter_context(gateway.running([sys.executable, str(gateway.HERE / "upstream.py")]))
        port = gateway.first_line(upstream)
        for kind in kinds:
            with gateway.server(kind, port, folder, [sys.executable, __file__, "serve"]) as (address, process):
                found[kind] = asyncio.run(counted(address, process, requests, stream=stream))
    return found


def package_of(function: str) -> str:
    """Returns the package that a function belongs to; of our own server, the part of it."""
    return FOLDER.sub("", function).partition(":")[0].partition("/")[0]


def table(found: Mapping[str, Counts], *, functions: int) -> Table:
    """The calls by package, or by function, the most numerous of the last server first."""
    sums: dict[str, defaultdict[str, float]] = {}
    for kind, counts in found.items():
        sums[kind] = defaultdict(float)
        for function, calls in counts.items():
            sums[kind][FOLDER.sub("", function) if functions else package_of(function)] += calls
    result = Table("", *(gateway.KINDS[kind] for kind in found), box=None)
    *_, last = sums.values()
    shown = {name for each in sums.values() for name, calls in each.items() if calls >= LEAST_SHOWN}
    for name in sorted(shown, key=lambda name: -last[name])[: functions or None]:
        result.add_row(name, *(f"{each[name]:.1f}" for each in sums.values()))
    result.add_row("all", *(f"{sum(each.values()):.1f}" for each in sums.values()))
    return result


def main() -> None:
    """Reads the options, counts and prints the table."""
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2], sys.argv[3:])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=200, help="requests to each server")
    parser.add_argument("--stream", action="store_true", help="as streams of 50 chunks")
    parser.add_argument("--functions", type=int, default=0, metavar="N", help="show the N functions called most")
    parser.add_argument("--only", nargs="*", choices=list(gateway.KINDS), help="measure these servers alone")
    options = parser.parse_args()
    kinds = options.only or [kind for kind in gateway.KINDS if kind not in ("echo", "record")]
    console = Console(width=160)
    console.print(table(measure(options.requests, kinds, stream=options.stream), functions=options.functions))


if __name__ == "__main__":
    main()
