"""The contracts of what providers do besides generating."""

import asyncio
from dataclasses import replace

import pytest

from ymera_service.sdk.content import Message, Role, Text, user
from ymera_service.sdk.generation import Prompt, Tool
from ymera_service.sdk.models import Kind
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.answers import context_of, count_of
from ymera_service.sdk.testing.checks.work import check_embeddings, check_moderations, check_ranking
from ymera_service.sdk.work import Embeddings, EmbedRequest, ModerateRequest, RerankRequest


class EmbedContract:
    """Define a fixture `provider` that offers embeddings, and `model`, if it lists none of that kind."""

    inputs = ("A cat sat on the mat.", "Rust is a language.", "A cat sat on the mat.")

    @pytest.fixture
    def provider(self) -> Provider:
        """The provider to test."""
        raise NotImplementedError("define a fixture `provider`")

    @pytest.fixture
    async def model(self, provider: Provider) -> str:
        """The model to test: the first one of kind `EMBED`."""
        return next(info.name for info in await provider.models() if info.kind is Kind.EMBED)

    async def test_each_input_gets_its_vector(self, provider: Provider, model: str) -> None:
        request = EmbedRequest(model, self.inputs)
        reply = await _embed(provider, request)
        check_embeddings(request, reply)
        first, second, third = reply.vectors
        assert max(abs(one - other) for one, other in zip(first, third, strict=True)) < 0.01, "equal inputs differ"
        assert list(first) != list(second), "different inputs have the same vector"

    async def test_calls_at_the_same_time_do_not_mix(self, provider: Provider, model: str) -> None:
        requests = [EmbedRequest(model, self.inputs[:count]) for count in (1, 2, 3)]
        for request, reply in zip(
            requests, await asyncio.gather(*(_embed(provider, each) for each in requests)), strict=True
        ):
            check_embeddings(request, reply)

    async def test_a_cancelled_call_ends(self, provider: Provider, model: str) -> None:
        task = asyncio.create_task(_embed(provider, EmbedRequest(model, self.inputs)))
        await asyncio.sleep(0)
        task.cancel()
        async with asyncio.timeout(1):
            await asyncio.wait({task})


class CountTokensContract:
    """Define a fixture `provider` that counts tokens, and `model` to test another than its first that generates."""

    @pytest.fixture
    def provider(self) -> Provider:
        """The provider to test."""
        raise NotImplementedError("define a fixture `provider`")

    @pytest.fixture
    async def model(self, provider: Provider) -> str:
        """The model to test."""
        return next(info.name for info in await provider.models() if info.kind is Kind.GENERATE)

    async def test_everything_that_a_model_reads_is_counted(self, provider: Provider, model: str) -> None:
        short = Prompt((user("Hello."),))
        tool = Tool("get_weather", "Returns the weather of a city.", '{"type": "object", "properties": {}}')
        plain = await count_of(provider, model, short)
        assert plain > 0, "a prompt has no tokens"
        for what, longer in {
            "another message": replace(short, messages=(Message(Role.SYSTEM, (Text("Be brief."),)), *short.messages)),
            "a tool": replace(short, tools=(tool,)),
        }.items():
            assert await count_of(provider, model, longer) > plain, f"{what} is not counted"


class ModerateContract:
    """Define a fixture `provider` that judges texts; `harmless` is a text that it does not flag."""

    harmless = "A cat sat on the mat."

    @pytest.fixture
    def provider(self) -> Provider:
        """The provider to test."""
        raise NotImplementedError("define a fixture `provider`")

    @pytest.fixture
    async def model(self, provider: Provider) -> str:
        """The model to test: the first one of kind `MODERATE`."""
        return next(info.name for info in await provider.models() if info.kind is Kind.MODERATE)

    async def test_each_input_gets_its_verdict(self, provider: Provider, model: str) -> None:
        request = ModerateRequest(model, (self.harmless, self.harmless))
        reply = await provider.moderate(request, context_of(provider, request))
        check_moderations(request, reply)
        assert not any(verdict.flagged for verdict in reply.verdicts), "a harmless text is flagged"


class RerankContract:
    """Define a fixture `provider` that ranks documents."""

    query = "Where did the cat sit?"
    documents = ("Copper is a metal.", "The cat sat on the mat.", "Rust is a language.")

    @pytest.fixture
    def provider(self) -> Provider:
        """The provider to test."""
        raise NotImplementedError("define a fixture `provider`")

    @pytest.fixture
    async def model(self, provider: Provider) -> str:
        """The model to test: the first one of kind `RERANK`."""
        return next(info.name for info in await provider.models() if info.kind is Kind.RERANK)

    @pytest.mark.parametrize("top", [None, 1])
    async def test_the_best_document_is_the_one_that_answers(
        self, provider: Provider, model: str, top: int | None
    ) -> None:
        request = RerankRequest(model, self.query, self.documents, top)
        reply = await provider.rerank(request, context_of(provider, request))
        check_ranking(request, reply)
        best = max(reply.results, key=lambda result: result.score)
        assert best.index == 1, f"document {best.index} is the best"


async def _embed(provider: Provider, request: EmbedRequest) -> Embeddings:
    return await provider.embed(request, context_of(provider, request))
