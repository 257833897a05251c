"""The echo provider."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence

from ymera_service.sdk.content import last_user_text
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.events import Accepted, Finished, ProviderEvent, TextDelta, UsageReported
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Usage
from ymera_service.sdk.models import ModelInfo, Price
from ymera_service.sdk.providers import Provider


class EchoProvider(Provider):
    """Answers with the last user message, word by word. A word is a token, and tokens are free."""

    name = "echo"

    def __init__(self, pause_seconds: float = 0) -> None:
        self._pause_seconds = pause_seconds

    async def models(self) -> Sequence[ModelInfo]:
        """Returns its only model, which is marked as simulated."""
        return [ModelInfo("words", price=Price(input=0, output=0), simulated=True, local=True)]

    async def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        """See `Provider.generate`."""
        yield Accepted()
        words = _words(last_user_text(request.prompt.messages))
        sent = words[: request.prompt.sampling.max_output_tokens]
        for word in sent:
            await asyncio.sleep(self._pause_seconds)
            yield TextDelta(word)
        yield UsageReported(Usage(input_tokens=_count(request), output_tokens=len(sent)))
        yield Finished(FinishReason.STOP if sent == words else FinishReason.LENGTH)


def _words(text: str) -> list[str]:
    """Splits a text after the blanks that follow each word; the pieces joined are the text."""
    return re.findall(r"\s*\S+\s*|\s+", text)


def _count(request: GenerateRequest) -> int:
    return sum(len(_words(message.text)) for message in request.prompt.messages)
