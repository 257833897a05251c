"""The formats of InvokeModel, each as a translation of Converse's.

Converse lacks some models: imported ones of several families, and endpoints of the marketplace. InvokeModel has no
format of its own: it passes a body on to the model, and its answer back. A format turns the body for Converse into its
own, and what comes back into Converse's answer or events, so that the rest of the plugin knows Converse alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ymera_bedrock.api import Api
from ymera_bedrock.invoke import chat, claude, nova, texts
from ymera_bedrock.invoke.events import Events
from ymera_service.sdk.wire.json_reader import Json


@dataclass(frozen=True, slots=True)
class Format:
    """A format of InvokeModel.

    Attributes:
        request: Turns a body for Converse into one of the format; a second argument limits an answer that has no limit.
            Raises `InvalidProviderRequest` for what the format can't say.
        answer: Turns a whole answer into Converse's.
        events: Returns what turns the events of one stream into Converse's.
    """

    request: Callable[[Json, int], Json]
    answer: Callable[[Json], Json]
    events: Callable[[], Events]


FORMATS: Mapping[Api, Format] = {
    Api.MESSAGES: Format(claude.request, claude.answer, claude.StreamEvents),
    Api.NOVA: Format(nova.request, nova.answer, lambda: nova.events),
    Api.CHAT_COMPLETIONS: Format(chat.request, chat.answer, chat.StreamEvents),
    Api.COMPLETIONS: Format(texts.completion, texts.completed, texts.CompletionEvents),
    Api.TEXT_COMPLETIONS: Format(texts.claude_prompt, texts.claude_completed, texts.ClaudeEvents),
}
