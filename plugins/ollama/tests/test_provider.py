"""Which providers there are, what they offer, and where calls go."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from pydantic import ValidationError
from ymera_ollama import providers
from ymera_ollama.provider import OllamaProvider
from ymera_ollama.settings import OllamaSettings

from ymera_service.config import TransportSettings
from ymera_service.sdk.content import user
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import ConnectionFailed, MalformedResponse, NotFound
from ymera_service.sdk.generation import GenerateRequest, Prompt, Usage
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.models import Capability, Kind, ModelInfo, Price
from ymera_service.sdk.targets import Deployment, Target
from ymera_service.sdk.testing.answers import context_of, events_of
from ymera_service.sdk.testing.recorded import Exchange, RecordedTransport
from ymera_service.sdk.work import EmbedPurpose, EmbedRequest
from ymera_service.transport import HttpTransport

TOOLS, SCHEMA, IMAGES = Capability.TOOLS, Capability.STRUCTURED_OUTPUT, Capability.IMAGE_INPUT
REASONING, LOGPROBS = Capability.REASONING, Capability.LOGPROBS
FREE = Price(0, 0, source="local")
Answers = Mapping[str, Any]
"""What a host answers by path, and below `show` by model; all else is 404."""

QWEN = {
    "capabilities": ["completion", "tools", "thinking"],
    "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40960},
}
HOST: Answers = {
    "/api/version": {"version": "0.12.3"},
    "/api/tags": {
        "models": [
            {"name": "qwen3:8b"},
            {"name": "nomic-embed-text:latest"},
            {"name": "gone:1b"},
            {"name": "gpt-oss:120b-cloud", "remote_host": "https://ollama.com:443", "remote_model": "gpt-oss:120b"},
        ]
    },
    "show": {
        "qwen3:8b": QWEN,
        "nomic-embed-text:latest": {"capabilities": ["embedding"]},
        "gpt-oss:120b-cloud": {"capabilities": ["completion", "thinking"]},
    },
}
STRANGERS: list[Answers] = [
    {},
    {"/": {"hello": "world"}},
    {"/api/tags": {"models": [{"name": "m"}]}},
    {"/api/version": {"build": 7}, "/api/tags": {"models": [{"name": "m"}]}},
    {"/api/version": {"version": "1"}, "/api/tags": {"models": "m"}},
    {"/api/version": "1"},
]


@asynccontextmanager
async def serving(answers: Answers) -> AsyncIterator[str]:
    """A real HTTP server on a free port of this machine."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split()[1]
            length = next((int(line[15:]) for line in head.lower().splitlines() if line[:15] == "content-length:"), 0)
            question = json.loads(await reader.readexactly(length) or b"null")
            found = answers.get("show", {}).get(question["model"]) if path == "/api/show" else answers.get(path)
            body = json.dumps(found).encode()
            status = "404 Not Found" if found is None else "200 OK"
            writer.write(
                f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body
            )
            await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture
async def closed_port() -> str:
    async with serving({}) as root:
        return root


async def listed(settings: OllamaSettings, environment: Mapping[str, str]) -> list[ModelInfo]:
    async with HttpTransport(TransportSettings()) as transport:
        [provider] = providers(settings, transport, environment)
        return list(await provider.models())


def offered(environment: Mapping[str, str] | None = None, **settings: Any) -> dict[str, OllamaProvider]:
    found = providers(OllamaSettings.model_validate(settings), RecordedTransport(), environment or {})
    return {provider.name: provider for provider in found if isinstance(provider, OllamaProvider)}


# Which providers.


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("", "http://127.0.0.1:11434"),
        ("gpu.test", "http://gpu.test:11434"),
        ("gpu.test:8080", "http://gpu.test:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("[::]:8080", "http://[::1]:8080"),
        ("http://gpu.test", "http://gpu.test"),
        ("https://gpu.test/ollama/", "https://gpu.test/ollama"),
        ("gpu.test:many", "http://127.0.0.1:11434"),
        ("ftp://gpu.test", "http://127.0.0.1:11434"),
    ],
)
def test_it_is_looked_for_at_its_own_variable_unless_hosts_are_named(host: str, address: str) -> None:
    found = offered({"OLLAMA_HOST": host})["ollama"]
    assert (found.endpoint.base_url, found.configured) == (address, False)
    named = offered({"OLLAMA_HOST": host}, hosts={"mine": "http://mine.test/"})["ollama"]
    assert (named.endpoint.base_url, named.configured) == ("http://mine.test", True)


def test_it_need_not_be_looked_for() -> None:
    assert offered(discover_local=False) == {}
    assert list(offered(discover_local=False, hosts={"mine": "http://mine.test"})) == ["ollama"]


async def test_a_key_in_the_environment_is_sent_to_ollamas_own_servers_only(
    recorded_http: Callable[..., RecordedTransport],
) -> None:
    tags = Exchange(orjson.dumps({"models": [{"name": "gpt-oss:120b"}]}), path="/api/tags")
    upstream = recorded_http(tags, Exchange(orjson.dumps(QWEN), path="/api/show"), Exchange(b'{"version":"1"}'))
    local, cloud = providers(OllamaSettings(), upstream, {"OLLAMA_API_KEY": " secret "})
    [mine], [theirs] = await local.models(), await cloud.models()
    assert {request.url.startswith("https://ollama.com/") for request in upstream.requests} == {True, False}
    for request in upstream.requests:
        assert ("authorization" in request.headers) == request.url.startswith("https://ollama.com/api/")
    assert (mine.local, mine.price) == (True, FREE)
    assert (theirs.local, theirs.price) == (False, None)
    assert cloud.name == "ollama-cloud"


@pytest.mark.parametrize(
    "table",
    [
        {"hosts": {"a": "gpu.test:11434"}},
        {"hosts": {"A b": "http://gpu.test"}},
        {"keep_alive": "soon"},
        {"keep_alive": "5 minutes"},
        {"context_window": 0},
        {"models": {"m": {"num_ctx": 7}}},
    ],
)
def test_wrong_settings_are_refused(table: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OllamaSettings.model_validate(table)


# What is offered.


async def test_a_host_is_found_with_its_models() -> None:
    async with serving(HOST) as address:
        models = await listed(OllamaSettings(), {"OLLAMA_HOST": address})
    described = {each.name: (each.kind, set(each.capabilities), each.context_window, each.local) for each in models}
    assert described == {
        "qwen3:8b": (Kind.GENERATE, {TOOLS, SCHEMA, REASONING}, 40960, True),
        "nomic-embed-text:latest": (Kind.EMBED, set(), 0, True),
        "gone:1b": (Kind.GENERATE, {SCHEMA}, 0, True),
        "gpt-oss:120b-cloud": (Kind.GENERATE, {REASONING}, 0, False),
    }
    unknown = {each.name: more for each in models if (more := set(each.unknown) - {LOGPROBS})}
    assert unknown == {"gone:1b": {TOOLS, IMAGES, REASONING}, "gpt-oss:120b-cloud": {SCHEMA}}
    assert {each.price for each in models if each.local} == {FREE}
    assert {each.price for each in models if not each.local} == {None}
    assert {each.deployments for each in models} == {(Deployment(),)}


@pytest.mark.parametrize("answers", STRANGERS)
async def test_another_program_at_its_address_is_left_alone(answers: Answers) -> None:
    async with serving(answers) as address:
        assert await listed(OllamaSettings(), {"OLLAMA_HOST": address}) == []


async def test_where_nothing_listens_there_is_quietly_no_model_unless_a_host_is_configured(closed_port: str) -> None:
    assert await listed(OllamaSettings(), {"OLLAMA_HOST": closed_port}) == []
    with pytest.raises(ConnectionFailed):
        await listed(OllamaSettings(hosts={"gpu": closed_port}), {})
    async with serving(STRANGERS[-2]) as address:
        with pytest.raises(MalformedResponse):
            await listed(OllamaSettings(hosts={"gpu": address}), {})


async def test_a_model_has_a_target_at_each_host_that_has_it(closed_port: str) -> None:
    small = {"/api/tags": {"models": [{"name": "qwen3:8b"}]}, "show": {"qwen3:8b": QWEN}}
    async with serving(HOST) as large, serving(small) as other:
        hosts = {"large": large, "down": closed_port, "other": other}
        models = await listed(OllamaSettings(hosts=hosts), {})
    assert {each.name: [one.endpoint for one in each.deployments] for each in models} == {
        "qwen3:8b": ["large", "other"],
        "nomic-embed-text:latest": ["large"],
        "gone:1b": ["large"],
        "gpt-oss:120b-cloud": ["large"],
    }


async def test_only_configured_models_are_offered_also_those_that_are_not_pulled() -> None:
    names = {
        "nomic-embed-text": {},
        "qwen3:8b": {"context_window": 8192},
        "llama3.2": {"capabilities": ["tools"]},
        "bge-embed": {},
    }
    async with serving(HOST) as one, serving({"/api/tags": {"models": []}}) as other:
        table = {"hosts": {"one": one, "other": other}, "context_window": 999_999, "models": names}
        models = await listed(OllamaSettings.model_validate(table), {})
    assert [(each.name, each.kind, each.context_window) for each in models] == [
        ("nomic-embed-text", Kind.EMBED, 999_999),
        ("qwen3:8b", Kind.GENERATE, 8192),
        ("llama3.2", Kind.GENERATE, 999_999),
        ("bge-embed", Kind.EMBED, 999_999),
    ]
    assert [[one.endpoint for one in each.deployments] for each in models] == [
        ["one"],
        ["one"],
        *[["one", "other"]] * 2,
    ]
    assert (set(models[2].capabilities), set(models[2].unknown)) == ({TOOLS}, set())


# Where calls go, and with what.


async def test_a_call_goes_to_the_host_of_its_target_with_its_key() -> None:
    table: dict[str, Any] = {"hosts": {"one": "http://one.test/", "two": "http://two.test/base"}, "api_key": "secret"}
    provider = offered(**table)["ollama"]
    for host, url in (("one", "http://one.test/api/chat"), ("two", "http://two.test/base/api/chat")):
        target = Target("ollama", "ollama/m", Deployment(endpoint=host))
        sent = await provider.authorize(HttpRequest("POST", "/api/chat"), CallContext("id", target, 0.0))
        assert (sent.url, sent.headers["authorization"]) == (url, "Bearer secret")
    assert "secret" not in repr(provider.endpoint)


async def test_models_are_loaded_for_the_configured_context_and_kept(
    recorded_http: Callable[..., RecordedTransport],
) -> None:
    tags = Exchange(orjson.dumps({"models": [{"name": "qwen3:8b"}]}), path="/api/tags")
    answer = {"model": "qwen3:8b", "message": {"content": "Hi"}, "done": True}
    vectors = {"model": "qwen3:8b", "embeddings": [[1, 2]], "prompt_eval_count": 3}
    upstream = recorded_http(
        tags,
        Exchange(orjson.dumps(QWEN), path="/api/show"),
        Exchange(orjson.dumps(answer), path="/api/chat"),
        Exchange(orjson.dumps(vectors), path="/api/embed"),
    )
    settings = OllamaSettings(hosts={"gpu": "http://gpu.test"}, keep_alive=-1, context_window=65536)
    [provider] = providers(settings, upstream, {})
    [model] = await provider.models()
    assert model.context_window == 40960
    await events_of(provider, GenerateRequest("qwen3:8b", Prompt((user("Hello"),))))
    request = EmbedRequest("qwen3:8b", ("a",), 2, EmbedPurpose.QUERY)
    reply = await provider.embed(request, context_of(provider, request))
    assert (reply.vectors, reply.usage) == (((1.0, 2.0),), Usage(3))
    assert [one.field for one in reply.adaptations] == ["purpose"]
    chat, embed = (orjson.loads(request.body) for request in upstream.requests[-2:])
    for body in (chat, embed):
        assert (body["options"], body["keep_alive"], body["truncate"]) == ({"num_ctx": 40960}, -1, False)
    assert (embed["input"], embed["dimensions"]) == (["a"], 2)


async def test_a_context_in_the_models_own_parameters_is_what_it_is_loaded_for() -> None:
    shown = {**QWEN, "parameters": 'stop                           "<|im_end|>"\nnum_ctx                        16384'}
    async with serving({"/api/tags": {"models": [{"name": "m:1"}]}, "show": {"m:1": shown}}) as address:
        [model] = await listed(OllamaSettings(hosts={"gpu": address}), {})
    assert model.context_window == 16384


@pytest.mark.parametrize(
    ("shown", "kind", "capabilities", "unknown"),
    [
        ({"template": "{{ if .Tools }}"}, Kind.GENERATE, {TOOLS, SCHEMA}, set()),
        ({"template": "{{ .Prompt }}", "projector_info": {"a": 1}}, Kind.GENERATE, {IMAGES, SCHEMA}, set()),
        ({"details": {"family": "nomic-bert"}}, Kind.EMBED, set(), set()),
        ({"capabilities": ["image"]}, Kind.OTHER, set(), set()),
        (
            {"capabilities": 7, "details": 7, "model_info": [], "parameters": {}},
            Kind.GENERATE,
            {SCHEMA},
            {TOOLS, IMAGES, REASONING},
        ),
    ],
)
async def test_older_versions_and_other_models(
    shown: Any, kind: Kind, capabilities: set[Capability], unknown: set[Capability]
) -> None:
    async with serving({"/api/tags": {"models": [{"name": "m:1"}]}, "show": {"m:1": shown}}) as address:
        [model] = await listed(OllamaSettings(hosts={"gpu": address}), {})
    assert (model.kind, set(model.capabilities), set(model.unknown) - {LOGPROBS}) == (kind, capabilities, unknown)


@pytest.mark.parametrize(
    ("name", "shown", "values"),
    [
        ("m:1", {"capabilities": ["completion", "thinking"]}, (False, True)),
        ("gpt-oss:20b", {"capabilities": ["completion", "thinking"]}, ("low", "medium", "high")),
        (
            "m:1",
            {"capabilities": ["completion", "thinking"], "details": {"family": "gptoss"}},
            ("low", "medium", "high"),
        ),
        (
            "m:1",
            {"thinking": {"values": ["low", "max", 7], "default": "low"}, "capabilities": ["completion"]},
            ("low", "max"),
        ),
        ("m:1", {"thinking": {"values": [False]}, "capabilities": ["completion"]}, ()),
        ("m:1", {"capabilities": ["completion"]}, ()),
        ("m:1", {"template": "{{ .Prompt }}"}, None),
        ("m:1", {}, None),
    ],
)
async def test_how_a_model_thinks_is_stated_or_known_of_its_family(
    name: str, shown: Any, values: tuple[bool | str, ...] | None
) -> None:
    async with (
        serving({"/api/tags": {"models": [{"name": name}]}, "show": {name: shown}}) as address,
        HttpTransport(TransportSettings()) as transport,
    ):
        [provider] = providers(OllamaSettings(hosts={"gpu": address}), transport, {})
        await provider.models()
    assert isinstance(provider, OllamaProvider)
    assert provider.dialect.profiles.of(name).thinking == values


async def test_a_listing_that_fails_later_keeps_what_is_known(recorded_http: Callable[..., RecordedTransport]) -> None:
    up = [Exchange(orjson.dumps(HOST["/api/tags"]), path="/api/tags"), Exchange(orjson.dumps(QWEN), path="/api/show")]
    failures = [False]
    down = Exchange(b"{}", 500, when=lambda request: failures[0])
    [provider] = providers(OllamaSettings(hosts={"gpu": "http://gpu.test"}), recorded_http(down, *up), {})
    await provider.models()
    failures[0] = True
    with pytest.raises(Exception, match="500"):
        await provider.models()
    assert isinstance(provider, OllamaProvider)
    assert provider.dialect.profiles.of("qwen3:8b").context_window == 40960


async def test_a_model_that_is_not_pulled_is_not_found_and_the_remedy_is_named() -> None:
    async with serving(HOST) as address, HttpTransport(TransportSettings()) as transport:
        [provider] = providers(OllamaSettings(), transport, {"OLLAMA_HOST": address})
        with pytest.raises(NotFound):
            await events_of(provider, GenerateRequest("llama3.2", Prompt((user("Hello"),))))


class CloudVault:
    """Holds keys of Ollama's own host."""

    keys: Mapping[str, str] = {"a": "first", "b": "second"}

    def accounts(self, provider: str, origin: str) -> Mapping[str, str]:
        return self.keys if (provider, origin) == ("ollama-cloud", "https://ollama.com") else {}


async def test_keys_of_the_vault_are_accounts_of_the_cloud_and_are_not_sent_to_hosts(
    recorded_http: Callable[..., RecordedTransport],
) -> None:
    upstream = recorded_http(
        Exchange(orjson.dumps({"models": [{"name": "m"}]}), path="/api/tags"),
        Exchange(orjson.dumps(QWEN), path="/api/show"),
        Exchange(orjson.dumps({"model": "m", "message": {"content": "Hi"}, "done": True}), path="/api/chat"),
    )
    settings = OllamaSettings(hosts={"gpu": "http://gpu.test"})
    host, cloud = providers(settings, upstream, {}, CloudVault())
    assert (host.name, host.keys, cloud.name) == ("ollama", None, "ollama-cloud")
    await host.models()
    assert not any("authorization" in request.headers for request in upstream.requests)
    upstream.requests.clear()
    [model] = await cloud.models()
    assert {request.headers["authorization"] for request in upstream.requests} == {"Bearer first"}
    assert [each.account for each in model.deployments] == ["a", "b"]
    target = Target("ollama-cloud", "ollama-cloud/m", model.deployments[1])
    context = CallContext("id", target, asyncio.get_running_loop().time() + 60)
    async for _ in cloud.generate(GenerateRequest("m", Prompt((user("Hello"),))), context):
        pass
    assert upstream.requests[-1].headers["authorization"] == "Bearer second"
