"""Removes configured secrets from everything that is logged, stored or sent.

A vendor may echo the key that it was sent. `server.py` builds one `Redactor` and passes it on: the logs apply
it to each rendered line, and `plugins.boundary` to each error that leaves a plugin.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, unquote, urlsplit

import orjson
from pydantic import BaseModel, SecretBytes, SecretStr

REDACTED = "[redacted]"
SHORTEST = 8
"""Characters of the shortest text that counts as a secret: dummy keys such as "ollama" are ordinary words."""

_VARIABLES = re.compile(r"(.*_)?(KEY|TOKEN|SECRET|PASSWORD)", re.IGNORECASE)


_CREDENTIALS = re.compile(
    r"(://)[^\s/?#'\"]{1,512}(?=@)|([?&][\w-]{0,64}(?:key|token|secret|password|sig|signature)=)[^\s&#'\"]{1,4096}",
    re.IGNORECASE,
)


class Redactor:
    """Replaces secrets in texts; calling it returns the text without secrets."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._text = re.compile(r"(?!)")
        self._bytes = re.compile(rb"(?!)")
        self.learn(secrets)

    @classmethod
    def of(cls, settings: BaseModel, environment: Mapping[str, str]) -> "Redactor":
        """Returns one that knows the secrets in settings and in the environment."""
        return cls([*secrets_in(settings), *secrets_in_environment(environment)])

    def learn(self, secrets: Iterable[str]) -> None:
        """Adds secrets, such as those of a plugin whose settings were just read."""
        known = self._secrets | {form for secret in secrets for form in _forms(secret.strip())}
        if known == self._secrets:
            return
        self._secrets = known
        # The longest first, so that a secret that begins with another one is replaced as a whole.
        pattern = "|".join(re.escape(secret) for secret in sorted(known, key=len, reverse=True))
        self._text = re.compile(pattern)
        self._bytes = re.compile(pattern.encode())

    def __call__(self, text: str) -> str:
        """Returns the text without secrets, also if it was cut off within one."""
        return self._text.sub(REDACTED, self._without_cut_secret(text))

    def _without_cut_secret(self, text: str) -> str:
        end = text.rstrip("…")
        for secret in self._secrets:
            for length in range(len(secret) - 1, SHORTEST, -1):
                if end.endswith(secret[:length]):
                    return end[:-length] + REDACTED
        return text

    def line(self, line: bytes) -> bytes:
        """Returns a line of a log without secrets."""
        return self._bytes.sub(REDACTED.encode(), line)


def _forms(secret: str) -> Iterator[str]:
    """Yields a secret as it is, as part of an address, and as part of JSON."""
    if len(secret) >= SHORTEST:
        yield secret
        yield quote(secret, safe="")
        yield orjson.dumps(secret.encode(errors="replace").decode()).decode()[1:-1]


def secrets_in(value: object) -> Iterator[str]:
    """Yields each secret of settings: values of pydantic's secret types, and passwords in addresses, or
    the user of a web address that has no password, which is a token."""
    match value:
        case SecretStr():
            yield value.get_secret_value()
        case SecretBytes():
            yield value.get_secret_value().decode(errors="replace")
        case str():
            yield from _password_in(value)
        case BaseModel():
            for _, inner in value:
                yield from secrets_in(inner)
        case Mapping():
            for inner in value.values():
                yield from secrets_in(inner)
        case list() | tuple() | set() | frozenset():
            for inner in value:
                yield from secrets_in(inner)


def _password_in(address: str) -> Iterator[str]:
    if "://" not in address:
        return
    try:
        parts = urlsplit(address)
        secret = parts.password or (parts.username if parts.scheme in {"http", "https"} else None)
    except ValueError:
        return
    found = [secret or ""]
    for parameter in parts.query.split("&"):
        name, _, value = parameter.partition("=")
        if _VARIABLES.fullmatch(name) or name == "sslpassword":
            found.append(value)
    for password in filter(None, found):
        yield password
        yield unquote(password)


def without_credentials(text: str) -> str:
    """Returns a text in which addresses show neither user and password nor values of parameters such as `api_key`.

    For texts that quote an address which was not read yet, so that no `Redactor` knows what is secret in it.
    """
    return _CREDENTIALS.sub(lambda found: f"{found[1] or found[2]}{REDACTED}", text)


def secrets_in_environment(environment: Mapping[str, str]) -> Iterator[str]:
    """Yields the values of variables whose names indicate a secret, and passwords in addresses."""
    for name, value in environment.items():
        if _VARIABLES.fullmatch(name):
            yield value
        else:
            yield from _password_in(value)
