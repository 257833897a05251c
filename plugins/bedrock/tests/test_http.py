"""What is signed is what is sent over real HTTP."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from aiohttp import web
from ymera_bedrock.authorization import by_signature
from ymera_bedrock.credentials import constant
from ymera_bedrock.provider import BedrockProvider
from ymera_bedrock.regions import Region
from ymera_bedrock.signing import Credentials, Scope, signed_headers

from ymera_service.sdk.content import Media, MediaKind, Message, Role, user
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.testing.answers import Answer, events_of
from ymera_service.transport import HttpTransport

from .frames import answer, block

KEY = Credentials("AKIOFNOBODY", "secret-of-nobody", "session-of-nobody")


def provider_at(url: str, transport: HttpTransport) -> BedrockProvider:
    return BedrockProvider({"us-east-1": Region.of("us-east-1", url)}, {"": by_signature(constant(KEY))}, transport)


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
