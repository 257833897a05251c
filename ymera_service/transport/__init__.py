"""HTTP transport for all providers. Read `client`, then `connector`, `waiting`, `proxies`, `failures`.

It uses aiohttp. `tests/bench/transports.py` measured HTTP clients on 2026-11-21 (CPython 3.11, uvloop, two busy cores;
CPU time of the whole client process for a unary POST and for 50 chunks of server-sent events):

- aiohttp 3.14: 0.15 ms and 0.99 ms. The overhead of this package is within the noise.
- pyreqwest 0.15: 0.29 and 0.59 times that, but unsuitable. A cancelled request continues at the provider until its
  answer arrives, as the socket is not closed; by default a stream yields nothing before 64 KiB have arrived;
  and sometimes the process aborts while Python shuts down.
- httpx2 2.16: 6 and 3 times that. httpx 0.28: 24 and 5 times that.

A client of our own on llhttp (httptools), written as a trial on 2026-11-30, took 0.32 and 0.68 times that. It saved
about a tenth of a unary request of the server, and of a stream no more than the noise: not enough for 600 lines that
a maintained library already has.
"""

from ymera_service.transport.client import HttpTransport

__all__ = ["HttpTransport"]
