"""Over real HTTP: what is signed is what is sent, and recorded exchanges arrive through the shared transport."""

import hashlib
import importlib.util
import json
import sys
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from ymera_bedrock.authorization import by_signature
from ymera_bedrock.credentials import constant
from ymera_bedrock.provider import BedrockProvider
from ymera_bedrock.regions import Region
from ymera_bedrock.signing import Credentials, Scope, signed_headers

from ymera_service.config import TransportSettings
from ymera_service.sdk.content import Media, MediaKind, Message, Role, user
from ymera_service.sdk.errors import ConnectionFailed, ProviderError, StreamInterrupted
from ymera_service.sdk.events import Accepted, Finished, ProviderEvent, ResponseStarted, TextDelta
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.testing.answers import Answer, events_of, generate
from ymera_service.sdk.testing.checks.providers import check_events
from ymera_service.transport import HttpTransport

from .frames import answer, block

Exchange = dict[str, Any]

WIRE = Path(__file__).parents[4] / "shared" / "wire"
EXCHANGES: list[Exchange] = [
    json.loads(path.read_bytes()) for path in sorted((WIRE / "bedrock").glob("bedrock.converse*.json"))
]
recorded = pytest.mark.skipif(not EXCHANGES, reason=f"no recordings in {WIRE}")
KEY = Credentials("AKIOFNOBODY", "secret-of-nobody", "session-of-nobody")


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with HttpTransport(TransportSettings()) as transport:
        yield transport


def provider_at(url: str, transport: HttpTransport) -> BedrockProvider:
    return BedrockProvider({"us-east-1": Region.of("us-east-1", url)}, {"": by_signature(constant(KEY))}, transport)


# Signatures.


@dataclass
class Aws:
    """A server that computes the signature of what it received, as AWS does."""

    url: str = ""
    verified: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        given = request.headers["authorization"]
        names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        body = await request.read()
        kept = {name: request.headers[name] for name in names if name not in ("host", "x-amz-date")}
        kept.pop("x-amz-security-token")
        received = HttpRequest(request.method, f"http://{request.headers['host']}{request.raw_path}", kept, body)
        now = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        digest = hashlib.sha256(body).hexdigest()
        expected = signed_headers(received, digest, KEY, Scope("us-east-1", "bedrock"), now)
        if expected["authorization"] != given:
            return web.json_response({"message": "The request signature we calculated does not match"}, status=403)
        self.verified.append(request.raw_path)
        if request.method == "GET":
            return web.json_response({"modelSummaries": [], "inferenceProfileSummaries": [], "nextToken": self._next()})
        return web.Response(body=answer(block(0, {"text": "Hello"})))

    def _next(self) -> str:
        return "a+b/c= d" if len(self.verified) < 3 else ""


@pytest.fixture
async def aws() -> AsyncIterator[Aws]:
    server = Aws()
    app = web.Application(client_max_size=1 << 24)
    app.router.add_route("*", "/{rest:.*}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@pytest.mark.parametrize(
    "model",
    [
        "amazon.nova-lite-v1:0",
        "us.anthropic.claude-sonnet-4-6",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.x-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/a b@c+d~e%41(ü)",
    ],
)
async def test_what_arrives_has_the_signature_that_was_sent(aws: Aws, transport: HttpTransport, model: str) -> None:
    request = GenerateRequest(model, Prompt((user("Hi"),)))
    assert Answer.of(await events_of(provider_at(aws.url, transport), request)).text == "Hello"
    assert len(aws.verified) == 1


async def test_lists_are_signed_with_their_query(aws: Aws, transport: HttpTransport) -> None:
    await provider_at(aws.url, transport).models()
    assert [path.partition("?")[0] for path in aws.verified] == ["/foundation-models", "/inference-profiles"]


async def test_a_large_body_is_signed(aws: Aws, transport: HttpTransport) -> None:
    picture = Media(MediaKind.IMAGE, "image/png", bytes(3_000_000))
    request = GenerateRequest("amazon.nova-lite-v1:0", Prompt((Message(Role.USER, (picture,)),)))
    assert Answer.of(await events_of(provider_at(aws.url, transport), request)).text == "Hello"


# Recordings.


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(each, id=each["id"]) for each in EXCHANGES if each["expect"]["kind"] == kind]


@pytest.fixture(scope="module")
def replay() -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location("replay_server", WIRE / "replay_server.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["replay_server"] = module  # its dataclasses look there for their own module
    spec.loader.exec_module(module)
    with module.ReplayServer(WIRE) as server:
        yield server


def request_of(exchange: Exchange) -> GenerateRequest:
    return GenerateRequest("amazon.nova-lite-v1:0", Prompt((user("Hi"),)), "body_b64" in exchange["response"])


@recorded
@pytest.mark.parametrize("options", [(), ("split=random", "seed=3"), ("split=byte",)], ids=["plain", "random", "byte"])
@pytest.mark.parametrize("exchange", of_kind("completion"))
async def test_a_recorded_answer_arrives(
    replay: Any, transport: HttpTransport, exchange: Exchange, options: tuple[str, ...]
) -> None:
    provider = provider_at(replay.url(exchange["id"], *options), transport)
    events = await events_of(provider, request_of(exchange))
    check_events(events)
    asked = exchange["response"]["headers"].get("x-amzn-requestid")
    assert [event.response_id for event in events if isinstance(event, ResponseStarted)] == ([asked] if asked else [])
    found, expected = Answer.of(events), exchange["expect"]
    assert found.text == expected["text"]
    assert found.usage
    assert (found.usage.input_tokens, found.usage.output_tokens) == (
        expected["usage"]["input"],
        expected["usage"]["output"],
    )


@recorded
@pytest.mark.parametrize("exchange", of_kind("error"))
async def test_a_recorded_error_arrives(replay: Any, transport: HttpTransport, exchange: Exchange) -> None:
    with pytest.raises(ProviderError) as caught:
        await events_of(provider_at(replay.url(exchange["id"]), transport), request_of(exchange))
    expected = exchange["expect"]["error"]
    assert (caught.value.status, caught.value.message) == (expected["status"], expected["message"])


def longest() -> Exchange:
    return max((each for each in EXCHANGES if "body_b64" in each["response"]), key=lambda e: len(e["expect"]["text"]))


async def until_it_failed(provider: BedrockProvider) -> tuple[list[ProviderEvent], ProviderError]:
    events: list[ProviderEvent] = []
    try:
        async for event in generate(provider, request_of(longest())):
            events.append(event)  # noqa: PERF401  # what came before the failure is wanted
    except ProviderError as error:
        return events, error
    pytest.fail(f"it did not fail but reported {events}")


@recorded
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
async def test_a_connection_that_breaks_within_an_answer_interrupts_it(
    replay: Any, transport: HttpTransport, share: float
) -> None:
    cut = int(len(b64decode(longest()["response"]["body_b64"])) * share)
    events, error = await until_it_failed(provider_at(replay.url(longest()["id"], f"cut={cut}"), transport))
    assert isinstance(error, StreamInterrupted)
    assert events[0] == Accepted()
    assert not any(isinstance(event, Finished) for event in events)
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert longest()["expect"]["text"].startswith(text)


@recorded
async def test_a_connection_that_closes_before_its_answer_failed(replay: Any, transport: HttpTransport) -> None:
    events, error = await until_it_failed(provider_at(replay.url(longest()["id"], "reset"), transport))
    assert isinstance(error, ConnectionFailed)
    assert events == []
