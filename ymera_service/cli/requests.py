"""Turns command-line arguments into requests."""

import mimetypes
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from ymera.v1 import content_pb2, routing_pb2

from ymera_service.cli.problems import wrong

STDIN = "-"
_AGENT = "ymera-cli"


def prompt_text(argument: str | None, *, piped: bool = True) -> str:
    """Returns the prompt's text: piped input, an empty line, and the argument; or the one that was given.

    Args:
        argument: The argument; `-` means that there is only piped input.
        piped: Whether piped input is a part of the prompt; not if an option reads it.

    Raises:
        CommandFailed: There is neither an argument nor piped input, or the text is not UTF-8.
    """
    given = [read_text(STDIN)] if piped and (argument == STDIN or _is_piped()) else []
    if argument is not None and argument != STDIN:
        given = [each.rstrip("\n") for each in given if each.strip()]
        given.append(_utf8(argument, "the prompt"))
    if not given:
        raise wrong("the prompt is missing", 'Write one, as in `ymera ask "Why is the sky blue?"`, or pipe it in.')
    return "\n\n".join(given)


def _is_piped() -> bool:
    return sys.stdin is not None and not sys.stdin.isatty()  # None if the process was started with it closed


def prompt(
    text: str,
    *,
    system: str = "",
    files: Sequence[str] = (),
    images: Sequence[str] = (),
    schema: Path | None = None,
) -> content_pb2.Prompt:
    """Builds a prompt.

    Raises:
        CommandFailed: A file can't be read.
    """
    parts = [_file(each) for each in files] + [_image(each) for each in images] + [content_pb2.Part(text=text)]
    built = content_pb2.Prompt(messages=[content_pb2.Message(role=content_pb2.ROLE_USER, parts=parts)])
    if system:
        rules = content_pb2.Part(text=_utf8(system, "--system"))
        built.messages.insert(0, content_pb2.Message(role=content_pb2.ROLE_SYSTEM, parts=[rules]))
    if schema:
        built.response_format.type = content_pb2.ResponseFormat.TYPE_JSON_SCHEMA
        built.response_format.schema = read_text(str(schema))
    return built


def attribution(labels: Mapping[str, str] = MappingProxyType({})) -> routing_pb2.Attribution:
    """Returns who a request is for."""
    return routing_pb2.Attribution(agent_name=_AGENT, labels=labels)


def sample(prompt: content_pb2.Prompt, *, temperature: float | None, max_tokens: int | None) -> None:
    """Sets the sampling parameters that are given."""
    if temperature is not None:
        prompt.sampling.temperature = temperature
    if max_tokens is not None:
        prompt.sampling.max_output_tokens = max_tokens


def preferences(
    *,
    models: Sequence[str] | None = None,
    weights: routing_pb2.RoutingWeights | None = None,
    max_cost_micros: int | None = None,
    session: str = "",
    prefer_free: bool = False,
    category: str = "",
    policy: str = "",
) -> routing_pb2.RoutingPreferences:
    """Builds the preferences."""
    return routing_pb2.RoutingPreferences(
        allow_models=models or (),
        weights=weights,
        max_cost_micros=max_cost_micros,
        session_id=session,
        prefer_free=prefer_free,
        category_hint=category,
        policy=policy,
    )


def _file(source: str) -> content_pb2.Part:
    """Returns a document: UTF-8 as a text part, which every model accepts, anything else as a file part."""
    if source.startswith("https://"):
        return content_pb2.Part(file=content_pb2.Media(uri=source, filename=source.rpartition("/")[2]))
    data = _read(source)
    name = "standard input" if source == STDIN else Path(source).name
    try:
        return content_pb2.Part(text=f"{name}:\n\n{data.decode()}\n\n")
    except UnicodeDecodeError:
        return content_pb2.Part(file=content_pb2.Media(data=data, mime_type=_mime_type(source), filename=name))


def _image(source: str) -> content_pb2.Part:
    if source.startswith("https://"):
        return content_pb2.Part(image=content_pb2.Media(uri=source))
    mime_type = _mime_type(source)
    if not mime_type.startswith("image/"):
        raise wrong(
            f"{source} is not named as an image", "Give it the extension of its format, as in photo.jpg or chart.png."
        )
    return content_pb2.Part(image=content_pb2.Media(data=_read(source), mime_type=mime_type))


def _mime_type(source: str) -> str:
    return mimetypes.guess_type(source)[0] or "application/octet-stream"


def read_text(source: str) -> str:
    """Returns the text of a file, or of standard input.

    Raises:
        CommandFailed: It can't be read, or is not UTF-8.
    """
    name = "standard input" if source == STDIN else source
    try:
        return _read(source).decode()
    except UnicodeDecodeError as error:
        raise wrong(f"{name} is not UTF-8 at byte {error.start}") from None


def _read(source: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if source == STDIN else Path(source).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise wrong(f"{source!r} can't be read: {reason}") from None


def _utf8(argument: str, name: str) -> str:
    """Checks an argument: bytes that are not UTF-8 arrive as lone surrogates."""
    try:
        argument.encode()
    except UnicodeEncodeError as error:
        raise wrong(f"{name} is not UTF-8 at character {error.start}") from None
    return argument
