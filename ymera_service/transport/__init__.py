"""Carries HTTP for every provider. Read `client`, then `connector`, `proxies`, `failures`.

It stands on aiohttp. `tests/bench/transports.py` measured the clients on 2026-11-21 (CPython 3.11, uvloop, two
busy cores; CPU of the whole client process for a unary POST and for 50 chunks of server-sent events):

- aiohttp 3.14: 0.15 ms and 0.99 ms. This package over it costs the same within the noise.
- pyreqwest 0.15: 0.29 and 0.59 times that, but unfit. A cancelled request goes on at the provider until its
  answer comes, as nothing closes the socket; by default a stream gives nothing before 64 KiB have arrived;
  and now and then the process aborts while Python shuts down.
- httpx2 2.16: 6 and 3 times that. httpx 0.28: 24 and 5 times.
"""

from ymera_service.transport.client import HttpTransport

__all__ = ["HttpTransport"]
