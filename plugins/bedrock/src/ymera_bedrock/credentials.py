"""Where the credentials of AWS come from: the environment, or the files that AWS's own tools write."""

import asyncio
import configparser
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from ymera_bedrock.signing import Credentials
from ymera_service.sdk.errors import AuthenticationFailed

Source = Callable[[], Awaitable[Credentials]]
"""Returns valid credentials.

Raises:
    AuthenticationFailed: There are none.
"""

DEFAULT_PROFILE = "default"
_READ_AGAIN = 60.0
"""Seconds after which a file is read again: tools renew the credentials of a session in it."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of profiles: `credentials` with their keys, `config` with their regions."""

    credentials: Path
    config: Path

    @classmethod
    def of(cls, environment: Mapping[str, str], credentials: Path | None = None) -> "Files":
        """Returns the files that the environment names, or else the usual ones."""
        folder = Path("~/.aws")
        named = credentials or environment.get("AWS_SHARED_CREDENTIALS_FILE") or folder / "credentials"
        config = environment.get("AWS_CONFIG_FILE") or folder / "config"
        return cls(Path(named).expanduser(), Path(config).expanduser())

    def keys(self, profile: str) -> Credentials | None:
        """Returns the key of a profile; None if it has none."""
        for path, section in ((self.credentials, profile), (self.config, _section(profile))):
            table = _read(path).get(section, {})
            if (key_id := table.get("aws_access_key_id")) and (secret := table.get("aws_secret_access_key")):
                return Credentials(key_id, secret, table.get("aws_session_token", ""))
        return None

    def region(self, profile: str) -> str:
        """Returns the region of a profile; empty if it has none."""
        return _read(self.config).get(_section(profile), {}).get("region", "")


def of_environment(environment: Mapping[str, str]) -> Credentials | None:
    """Returns the key that the environment holds; None if it holds none."""
    key_id = environment.get("AWS_ACCESS_KEY_ID", "").strip()
    secret = environment.get("AWS_SECRET_ACCESS_KEY", "").strip()
    return Credentials(key_id, secret, environment.get("AWS_SESSION_TOKEN", "").strip()) if key_id and secret else None


def constant(credentials: Credentials) -> Source:
    """Returns the source of a key that does not change."""

    async def give() -> Credentials:
        return credentials

    return give


class ProfileSource:
    """The key of a profile, which all calls share. At most one of them reads the file again."""

    def __init__(self, files: Files, profile: str, clock: Callable[[], float] = monotonic) -> None:
        self._files = files
        self._profile = profile
        self._clock = clock
        self._lock = asyncio.Lock()
        self._credentials: Credentials | None = None
        self._read_again = float("-inf")

    async def __call__(self) -> Credentials:
        """See `Source`."""
        if self._clock() >= self._read_again:
            async with self._lock:
                if self._clock() >= self._read_again:
                    self._credentials = await asyncio.to_thread(self._files.keys, self._profile)
                    self._read_again = self._clock() + _READ_AGAIN
        if self._credentials is None:
            raise AuthenticationFailed(
                f"the AWS profile {self._profile!r} has no access key in {self._files.credentials}"
            )
        return self._credentials


def _section(profile: str) -> str:
    return profile if profile == DEFAULT_PROFILE else f"profile {profile}"


def _read(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Returns the tables of a file; none if it can't be read."""
    parser = configparser.RawConfigParser(default_section="", strict=False)
    try:
        parser.read_string(path.read_text())
    except (OSError, UnicodeDecodeError, configparser.Error):
        return {}
    return {name: dict(parser[name]) for name in parser.sections()}
