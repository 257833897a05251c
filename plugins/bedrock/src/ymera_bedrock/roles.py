"""Temporary credentials of the role that a container or a machine at AWS has, renewed before they expire.

See https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ymera_bedrock.signing import Credentials
from ymera_service.sdk.errors import AuthenticationFailed, ProviderError, ProviderServerError
from ymera_service.sdk.http import HttpRequest, HttpResponse, Transport, read
from ymera_service.sdk.wire.json_reader import read_object, text

Temporary = tuple[Credentials, datetime]
"""Credentials, and when they expire."""

_CONTAINERS = "http://169.254.170.2"
_MACHINE = "http://169.254.169.254"
_ROLES = "/latest/meta-data/iam/security-credentials/"
_MARGIN = timedelta(minutes=5)
"""How long before their end credentials are renewed; AWS provides new ones by then."""


def _now() -> datetime:
    return datetime.now(UTC)


class RoleSource:
    """The credentials of a role, which all calls share. At most one of them renews them."""

    def __init__(self, fetch: Callable[[], Awaitable[Temporary]], clock: Callable[[], datetime] = _now) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._held: Temporary | None = None

    async def __call__(self) -> Credentials:
        """See `credentials.Source`."""
        async with self._lock:
            if self._held is None or self._clock() >= self._held[1] - _MARGIN:
                self._held = await self._fetch()
            return self._held[0]


def has_container(environment: Mapping[str, str]) -> bool:
    """Returns whether the environment names the credentials of a container."""
    return bool(_container_address(environment))


def of_container(transport: Transport, environment: Mapping[str, str]) -> RoleSource:
    """Returns the source of the role of a container, of ECS or EKS."""

    async def fetch() -> Temporary:
        token = environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
        if file := environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", ""):
            token = await asyncio.to_thread(_first_line, Path(file))
        headers = {"authorization": token} if token else {}
        return _credentials_in(await _get(transport, _container_address(environment), headers))

    return RoleSource(fetch)


def of_machine(transport: Transport, environment: Mapping[str, str]) -> RoleSource:
    """Returns the source of the role of a machine of EC2."""
    host = (environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "").strip() or _MACHINE).rstrip("/")

    async def fetch() -> Temporary:
        lifetime = {"x-aws-ec2-metadata-token-ttl-seconds": "300"}
        session = await _send(transport, HttpRequest("PUT", f"{host}/latest/api/token", lifetime))
        headers = {"x-aws-ec2-metadata-token": session.body.decode("ascii", "replace")}
        roles = (await _get(transport, host + _ROLES, headers)).body.decode("ascii", "replace").split()
        if not roles:
            raise AuthenticationFailed("this machine has no role of AWS")
        return _credentials_in(await _get(transport, f"{host}{_ROLES}{roles[0]}", headers))

    return RoleSource(fetch)


def _container_address(environment: Mapping[str, str]) -> str:
    relative = environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "").strip()
    return _CONTAINERS + relative if relative else environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "").strip()


def _first_line(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise AuthenticationFailed(f"{file} can't be read: {type(error).__name__}") from None


async def _get(transport: Transport, url: str, headers: Mapping[str, str]) -> HttpResponse:
    return await _send(transport, HttpRequest("GET", url, headers))


async def _send(transport: Transport, request: HttpRequest) -> HttpResponse:
    """Returns the answer. What a refusal says is not repeated, as it may contain credentials."""
    try:
        async with transport.open(request) as stream:
            if stream.status < 300:
                return await read(stream)
            status = stream.status
    except ProviderError as error:
        problem = f"AWS gave no credentials of a role: {error.message}; set plugins.bedrock.profiles or api_key"
        raise AuthenticationFailed(problem) from None
    kind = ProviderServerError if status >= 500 else AuthenticationFailed
    raise kind(f"AWS gave no credentials of a role: status {status}", status=status)


def _credentials_in(response: HttpResponse) -> Temporary:
    body = read_object(response.body)
    key = Credentials(text(body, "AccessKeyId"), text(body, "SecretAccessKey"), text(body, "Token"))
    try:
        expires = datetime.fromisoformat(text(body, "Expiration"))
    except ValueError:
        raise AuthenticationFailed("AWS gave credentials of a role without their end") from None
    if not (key.key_id and key.secret and key.token and expires.tzinfo):
        raise AuthenticationFailed("AWS gave no credentials of a role")
    return key, expires
