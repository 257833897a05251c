"""The environment's proxies are used, but never for loopback addresses."""

import pytest
from yarl import URL

from tests.unit.transport.upstream import Serve, Visit, get, whole
from ymera_service.config import TransportSettings
from ymera_service.sdk.errors import ConnectionFailed, ProviderTimeout
from ymera_service.sdk.http import HttpRequest
from ymera_service.transport import HttpTransport
from ymera_service.transport.proxies import Proxies

NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("environment", "address", "proxy"),
    [
        ({}, "https://api.example/", None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "https://api.example/", "http://proxy:3128"),
        ({"https_proxy": "proxy:3128"}, "https://api.example/", "http://proxy:3128"),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "http://api.example/", None),
        ({"HTTP_PROXY": "http://proxy:3128"}, "http://api.example/", "http://proxy:3128"),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".example"}, "https://api.example/", None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "*"}, "https://api.example/", None),
        ({"HTTP_PROXY": "http://proxy:3128"}, "http://localhost:11434/", None),
        ({"HTTP_PROXY": "http://proxy:3128"}, "http://127.0.0.1:11434/", None),
        ({"HTTP_PROXY": "http://proxy:3128"}, "http://[::1]:11434/", None),
    ],
)
async def test_the_environment_names_the_proxy(
    environment: dict[str, str], address: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    proxies = Proxies()
    for _ in range(2):
        assert proxies.of(URL(address)) == (URL(proxy) if proxy else None)


async def test_a_proxy_of_an_unknown_kind_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://me:secret@proxy:1080")
    async with HttpTransport(TransportSettings()) as transport:
        with pytest.raises(ConnectionFailed, match="socks5") as caught:
            await get(transport, HttpRequest("GET", "https://models.example/"))
    assert "secret" not in str(caught.value)


async def test_plain_http_goes_through_the_proxy_with_its_own_credentials(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(visit: Visit) -> None:
        await visit.send(whole(b"by proxy"))

    proxy = await serve(script)
    monkeypatch.setenv("HTTP_PROXY", f"http://me:secret@127.0.0.1:{proxy.port}")
    request = HttpRequest("POST", "http://models.example/v1/chat", {"authorization": "Bearer k"}, b"{}")
    async with HttpTransport(TransportSettings()) as transport:
        for _ in range(2):
            assert await get(transport, request) == b"by proxy"
    for visit in proxy.visits:
        assert visit.path == "http://models.example/v1/chat"
        assert visit.headers["proxy-authorization"] == "Basic bWU6c2VjcmV0"
        assert visit.headers["authorization"] == "Bearer k"


async def test_a_proxy_gets_no_header_of_a_request_over_tls(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(visit: Visit) -> None:
        await visit.send(b"HTTP/1.1 403 Not there\r\ncontent-length: 0\r\n\r\n")

    proxy = await serve(script)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    request = HttpRequest("POST", "https://models.example/v1/chat", {"authorization": "Bearer k"}, b"{}")
    async with HttpTransport(TransportSettings()) as transport:
        with pytest.raises(ConnectionFailed, match="403"):
            await get(transport, request)
    (visit,) = proxy.visits
    assert visit.head.startswith(b"CONNECT models.example:443 ")
    assert b"Bearer" not in visit.head


async def test_a_proxy_that_hangs_is_a_connection_that_takes_too_long(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(visit: Visit) -> None:
        await visit.gone()

    proxy = await serve(script)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    async with HttpTransport(TransportSettings(connect_seconds=0.2)) as transport:
        with pytest.raises(ProviderTimeout):
            await get(transport, HttpRequest("GET", "https://models.example/"))
