"""The proxies that the environment configures."""

import ipaddress
import urllib.request

from yarl import URL

from ymera_service.sdk.errors import ConnectionFailed


class Proxies:
    """The proxies of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in either case, read once.

    As in Go, a loopback address is never reached through a proxy, so that local models stay reachable.
    """

    def __init__(self) -> None:
        self._by_scheme = urllib.request.getproxies()
        self._known: dict[tuple[str, str], URL | None] = {}

    def of(self, url: URL) -> URL | None:
        """Returns the proxy for an address, or None for a direct connection.

        Raises:
            ConnectionFailed: The proxy is of a kind that is not supported, such as SOCKS.
        """
        if not self._by_scheme:
            return None
        origin = url.scheme, url.host or ""
        if origin not in self._known:
            self._known[origin] = self._find(*origin)
        return self._known[origin]

    def _find(self, scheme: str, host: str) -> URL | None:
        address = self._by_scheme.get(scheme)
        if not address or _is_loopback(host) or urllib.request.proxy_bypass(host):
            return None
        proxy = URL(address if "://" in address else f"http://{address}")
        if proxy.scheme not in ("http", "https"):
            raise ConnectionFailed(f"the proxy for {host} has the scheme {proxy.scheme}; http and https are supported")
        return proxy


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
