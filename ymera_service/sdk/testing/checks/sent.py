"""The requirements on what a provider sends, and on what its errors say, whatever its wire format."""

import base64
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit

from ymera_service.sdk import errors
from ymera_service.sdk.content import Media, Message, Part, Text, ToolCall, ToolResult
from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.http import HttpRequest

_LONGEST_SCHEME = 8
"""Characters of words such as "Bearer" before a credential."""
_CREDENTIALS = ("auth", "key", "token", "secret")
"""Parts of the names of headers and query parameters that hold credentials."""

OF_STATUS: Mapping[int, tuple[type[ProviderError], ...]] = {
    400: (errors.InvalidProviderRequest, errors.ContextTooLong, errors.ContentFiltered),
    401: (errors.AuthenticationFailed,),
    403: (errors.PermissionDenied, errors.AuthenticationFailed, errors.QuotaExhausted),
    404: (errors.NotFound,),
    429: (errors.RateLimited, errors.QuotaExhausted, errors.ProviderOverloaded),
    500: (errors.ProviderServerError, errors.ProviderOverloaded),
    502: (errors.ProviderServerError, errors.ProviderOverloaded, errors.ConnectionFailed),
    503: (errors.ProviderOverloaded, errors.ProviderServerError),
}
"""What an error may be if its status is all that is known of it. The type decides what the server does next."""


def check_sent(request: HttpRequest, prompt: Prompt) -> None:
    """Asserts that a request contains the text, media, tool calls and tool results of every message.

    Texts have to be ASCII without characters that a format may escape.
    """
    for message in prompt.messages:
        for content in _contents(message):
            assert content in request.body, f"the request does not contain {content!r} of the {message.role} message"


def _contents(message: Message) -> Iterator[bytes]:
    for part in message.parts:
        yield from _of_part(part)


def _of_part(part: Part) -> Iterator[bytes]:
    match part:
        case Text():
            yield part.text.encode()
        case Media():
            yield base64.b64encode(part.data) if part.data else part.uri.encode()
        case ToolCall():
            yield part.name.encode()
        case ToolResult():
            for inner in part.parts:
                yield from _of_part(inner)
        case _:
            pass


def credentials_of(request: HttpRequest) -> set[str]:
    """Returns what looks like a credential in a request's headers and query."""
    values = [*request.headers.items(), *parse_qsl(urlsplit(request.url).query)]
    words = (word for name, value in values if _holds_credentials(name) for word in value.split())
    return {word for word in words if len(word) > _LONGEST_SCHEME}


def _holds_credentials(name: str) -> bool:
    return any(part in name.lower() for part in _CREDENTIALS)


def check_discreet(error: ProviderError, credentials: set[str]) -> None:
    """Asserts that an error does not contain a credential: it is logged, stored and sent to the caller."""
    shown = f"{error!s} {error!r} {error.type} {error.code} {error.param} {error.metadata}"
    assert not any(secret in shown for secret in credentials), "the error contains a credential that was sent"


def check_class(error: ProviderError, status: int) -> None:
    """Asserts that the error of a status without more information has a type that fits."""
    wanted = OF_STATUS[status]
    names = " or ".join(kind.__name__ for kind in wanted)
    assert isinstance(error, wanted), f"status {status} became {type(error).__name__}, not {names}"
