"""The legacy completions API, which continues a text: `POST /completions`."""

import orjson

from ymera_openai.adaptations import of_completions
from ymera_openai.chat_completions import JSON
from ymera_openai.chat_decoder import ChatDecoder
from ymera_openai.errors import decode_error
from ymera_openai.features import COMPLETIONS
from ymera_openai.quirks import Quirks
from ymera_service.sdk.content import Media, Message, ToolCall, ToolResult
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.generation import GenerateRequest, Prompt, ResponseType
from ymera_service.sdk.http import Decoder, HttpRequest
from ymera_service.sdk.wire.declared import Declared
from ymera_service.sdk.wire.json_reader import Json

_DECLARED = Declared(COMPLETIONS)
_OPENAI = Quirks()
_NOT_IN_FIM = ("frequency_penalty", "presence_penalty", "logprobs")


class Completions:
    """The dialect. The API has no roles: a single message is the prompt, several are written as a transcript.

    Mistral's `fim/completions` fill in what stands between the prompt and a `suffix`, an option of the provider.
    """

    def __init__(self, quirks: Quirks = _OPENAI) -> None:
        self._quirks = quirks

    def encode(self, request: GenerateRequest) -> HttpRequest:
        """See `Dialect.encode`.

        Raises:
            InvalidProviderRequest: The prompt has more than text.
        """
        sampling = request.prompt.sampling
        body: Json = {
            "model": request.model,
            "prompt": _prompt(request.prompt),
            "max_tokens": sampling.max_output_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "stop": list(sampling.stop_sequences) or None,
            self._quirks.seed: sampling.seed,
        }
        if not self._quirks.mistral:
            body |= {name: getattr(sampling, name) for name in _NOT_IN_FIM}
        if request.stream:
            body["stream"] = True
            if self._quirks.stream_usage:
                body["stream_options"] = {"include_usage": True}
        body = {name: value for name, value in body.items() if name and value is not None}
        adaptations = (*of_completions(sampling, body, self._quirks), *_DECLARED.of(request.prompt))
        path = "/fim/completions" if self._quirks.mistral else "/completions"
        return HttpRequest("POST", path, JSON, orjson.dumps(body), adaptations)

    def decoder(self, request: GenerateRequest) -> Decoder:
        """See `Dialect.decoder`."""
        return ChatDecoder()

    decode_error = staticmethod(decode_error)


def _prompt(prompt: Prompt) -> str:
    if prompt.tools or prompt.provider_tools or prompt.response_format.type is not ResponseType.TEXT:
        raise InvalidProviderRequest("completions accept neither tools nor a response format")
    for message in prompt.messages:
        if any(isinstance(part, Media | ToolCall | ToolResult) for part in message.parts):
            raise InvalidProviderRequest("completions accept only text")
    if len(prompt.messages) == 1:
        return prompt.messages[0].text
    return "".join(f"{_line(message)}\n\n" for message in prompt.messages) + "Assistant:"


def _line(message: Message) -> str:
    return f"{message.role.value.capitalize()}: {message.text}"
