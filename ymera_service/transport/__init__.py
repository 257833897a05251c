"""Carries HTTP for every provider: read `client`, then `connector`, `proxies`, `failures`.

It stands on aiohttp, chosen by trying every client on what a gateway needs and by `tests/bench/transports.py`
(2026-11-21, CPython 3.11, two cores, asyncio's own loop; CPU of the whole client process, a unary POST and 50
chunks of server-sent events; ratios to aiohttp):

- aiohttp 3.14: 1.0 / 1.0 (0.15 ms / 1.1 ms).
- pyreqwest 0.15: 1.1 / 0.7 (0.6 / 0.4 under uvloop). Out all the same: a cancelled request goes on until its
  answer comes, and nothing closes the socket; by default it gives nothing until 64 KiB have arrived.
- httpx2 2.16: 6.1 / 4.3. httpx 0.28: 23 / 4.9, and its pool does not survive cancellation.
"""

from ymera_service.transport.client import HttpTransport

__all__ = ["HttpTransport"]
