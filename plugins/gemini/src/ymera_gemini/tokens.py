"""Access tokens of Google Cloud, renewed before they expire.

The sources are a command, such as `gcloud auth print-access-token`, and two of the Application Default Credentials:
the file that `gcloud auth application-default login` writes, and the metadata server of Google's machines. Keys of
service accounts need a signature that this plugin can't make; a command can use them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from urllib.parse import urlencode

from ymera_service.sdk.errors import AuthenticationFailed, ConnectionFailed, ProviderError, ProviderServerError
from ymera_service.sdk.http import HttpRequest, HttpResponse, Transport, read
from ymera_service.sdk.wire.json_reader import Json, count, read_object, text

Token = tuple[str, float]
"""A token, and the seconds for which it is valid."""
Source = Callable[[], Awaitable[Token]]

COMMAND_SECONDS = 30.0
"""For which a command may run."""
_OF_COMMAND = 300.0
"""Seconds for which a printed token is assumed to be valid: gcloud renews one that has less left."""
_MARGIN = 60.0
"""Seconds before its end at which a token is renewed."""
_FORM = {"content-type": "application/x-www-form-urlencoded"}
_TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105  # an address
_DEFAULT_FILE = Path(".config", "gcloud", "application_default_credentials.json")


class AccessToken:
    """A token that all calls share. At most one of them renews it, while the others wait for it."""

    def __init__(self, source: Source, clock: Callable[[], float] = monotonic) -> None:
        self._source = source
        self._clock = clock
        self._lock = asyncio.Lock()
        self._value = ""
        self._renew_at = float("-inf")

    async def value(self) -> str:
        """Returns a valid token.

        Raises:
            ProviderError: None can be obtained.
        """
        if self._clock() >= self._renew_at:
            async with self._lock:
                if self._clock() >= self._renew_at:
                    self._value, seconds = await self._source()
                    self._renew_at = self._clock() + seconds - _MARGIN
        return self._value


def from_command(command: Sequence[str]) -> Source:
    """Returns the source that runs a command, whose first line is the token."""

    async def run() -> Token:
        try:
            token, status = await _first_line(command)
        except (OSError, ValueError, TimeoutError) as error:
            raise AuthenticationFailed(f"{command[0]} gave no access token: {type(error).__name__}") from None
        if status or not token:
            raise AuthenticationFailed(f"{command[0]} gave no access token: it ended with status {status}")
        return token, _OF_COMMAND

    return run


async def _first_line(command: Sequence[str]) -> tuple[str, int]:
    null, pipe = asyncio.subprocess.DEVNULL, asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=null, stdout=pipe, stderr=null)
    assert process.stdout
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            line = await process.stdout.readline()
            return line.decode().strip(), await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def from_default_credentials(transport: Transport, environment: Mapping[str, str], file: Path | None = None) -> Source:
    """Returns the source that reads a file of credentials, or else asks the metadata server.

    The file is the given one, that of `GOOGLE_APPLICATION_CREDENTIALS`, or gcloud's.
    """

    async def find() -> Token:
        named = file or environment.get("GOOGLE_APPLICATION_CREDENTIALS", "")
        credentials = await asyncio.to_thread(_read, Path(named) if named else _default_file(environment))
        if credentials is not None:
            return await _of_user(transport, credentials)
        if named:
            raise AuthenticationFailed(f"the file of credentials {named} can't be read")
        return await _of_machine(transport, environment)

    return find


def _default_file(environment: Mapping[str, str]) -> Path:
    folder = environment.get("CLOUDSDK_CONFIG", "")
    return Path(folder, _DEFAULT_FILE.name) if folder else Path.home() / _DEFAULT_FILE


def _read(file: Path) -> Json | None:
    try:
        return read_object(file.read_bytes())
    except (OSError, ProviderError):
        return None


async def _of_user(transport: Transport, credentials: Json) -> Token:
    if text(credentials, "type") != "authorized_user":
        kind = text(credentials, "type")[:40] or "unknown"
        raise AuthenticationFailed(f"credentials of type {kind} are not supported: set vertex.token_command")
    names = ("client_id", "client_secret", "refresh_token")
    form = {"grant_type": "refresh_token", **{name: text(credentials, name) for name in names}}
    uri = text(credentials, "token_uri") or _TOKEN_URI
    return await _fetch(transport, HttpRequest("POST", uri, _FORM, urlencode(form).encode()))


async def _of_machine(transport: Transport, environment: Mapping[str, str]) -> Token:
    host = environment.get("GCE_METADATA_HOST", "") or "metadata.google.internal"
    url = f"http://{host}/computeMetadata/v1/instance/service-accounts/default/token"
    try:
        return await _fetch(transport, HttpRequest("GET", url, {"metadata-flavor": "Google"}))
    except ConnectionFailed:
        problem = (
            "no default credentials of Google Cloud were found: set vertex.token_command or vertex.credentials_file"
        )
        raise AuthenticationFailed(problem) from None


async def _fetch(transport: Transport, request: HttpRequest) -> Token:
    async with transport.open(request) as stream:
        return _token_in(await read(stream) if stream.status < 300 else HttpResponse(stream.status, {}, b""))


def _token_in(response: HttpResponse) -> Token:
    """Reads a token. What a refusal says is not repeated, as it may contain credentials."""
    if response.status >= 300:
        kind = ProviderServerError if response.status >= 500 else AuthenticationFailed
        raise kind(f"Google gave no access token: status {response.status}", status=response.status)
    body = read_object(response.body)
    token, seconds = text(body, "access_token"), count(body, "expires_in")
    if not token or seconds is None:
        raise AuthenticationFailed("Google gave no access token")
    return token, float(seconds)
