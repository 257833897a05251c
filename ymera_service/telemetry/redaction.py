"""Removes configured secrets from everything that is logged, stored or sent.

A vendor may echo the key that it was sent. `server` builds one `Redactor` and passes it on: the logs apply
it to each rendered line, and `plugins.boundary` to each error that leaves a plugin.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from string import ascii_letters, digits
from urllib.parse import quote, unquote, urlsplit

import orjson
from pydantic import BaseModel, SecretBytes, SecretStr

REDACTED = "[redacted]"
SHORTEST = 8
"""Characters of the shortest text that counts as a secret: dummy keys such as "ollama" are ordinary words."""

MAX_CLEAN = 4096
"""Words that are remembered to hold no secret."""
LONGEST_CUT = 8192
"""Characters at the end of a text in which the beginning of a secret that was cut off is looked for."""

_IN_WORDS = ascii_letters.encode() + digits.encode() + b"_+/=.~%&@:!#$*^-"
_WORDS = bytes(byte if byte in _IN_WORDS else 32 for byte in range(256))
"""Has `bytes.translate` leave words only, divided by spaces."""
_WORD = re.compile(r"[\w+/=.~%&@:!#$*^-]+", re.ASCII)
_NONE = re.compile(r"(?!)")
_URL_SAFE = str.maketrans("+/", "-_")
_VARIABLES = re.compile(r"(.*_)?(KEY|TOKEN|SECRET|PASSWORD)", re.IGNORECASE)


_CREDENTIALS = re.compile(
    r"(://)[^\s/?#'\"]{1,512}(?=@)|([?&][\w-]{0,64}(?:key|token|secret|password|sig|signature)=)[^\s&#'\"]{1,4096}",
    re.IGNORECASE,
)


class Redactor:
    """Replaces secrets in texts; calling it returns the text without secrets.

    What it costs does not grow with the number of secrets: only words that contain the beginning of one are compared
    with them, and words that were seen to be clean are not looked at again.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._beginnings: set[bytes] = set()
        self._odd = _NONE
        """Those of which a part is not in a word."""
        self._all: re.Pattern[str] | None = _NONE
        """All of them; None until it is needed."""
        self._clean: set[bytes] = set()
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
        odd = [secret for secret in known if not _WORD.fullmatch(secret)]
        self._odd = _pattern(odd) if odd else _NONE
        self._beginnings = {secret.encode(errors="surrogatepass")[:SHORTEST] for secret in known}
        self._secrets, self._all, self._clean = known, None, set()

    def __call__(self, text: str) -> str:
        """Returns the text without secrets, also if it was cut off within one."""
        if self._is_clean(text.encode(errors="surrogatepass")):
            return text
        return self._replaced(self._without_cut_secret(text))

    def line(self, line: bytes) -> bytes:
        """Returns a line of a log without secrets."""
        if self._is_clean(line):
            return line
        return self._replaced(line.decode(errors="surrogateescape")).encode(errors="surrogateescape")

    def _is_clean(self, data: bytes) -> bool:
        """Whether no word contains the beginning of a secret, and there are none of which a part is not in a word."""
        if self._odd is not _NONE:
            return False
        unknown = set(data.translate(_WORDS).split()) - self._clean
        for word in unknown:
            for start in range(len(word) - SHORTEST + 1):
                if word[start : start + SHORTEST] in self._beginnings:
                    return False
        if len(self._clean) > MAX_CLEAN:
            self._clean = set()
        self._clean |= unknown
        return True

    def _replaced(self, text: str) -> str:
        if self._all is None:
            self._all = _pattern(self._secrets)
        return self._all.sub(REDACTED, text)

    def _without_cut_secret(self, text: str) -> str:
        end = text.rstrip("…")
        for start in range(max(0, len(end) - LONGEST_CUT), len(end) - SHORTEST):
            rest = end[start:]
            if rest[:SHORTEST].encode(errors="surrogatepass") in self._beginnings and any(
                secret.startswith(rest) and secret != rest for secret in self._secrets
            ):
                return end[:start] + REDACTED
        return text


def _pattern(secrets: Iterable[str]) -> re.Pattern[str]:
    # The longest first, so that a secret that begins with another one is replaced as a whole.
    return re.compile("|".join(re.escape(secret) for secret in sorted(secrets, key=len, reverse=True)))


def _forms(secret: str) -> Iterator[str]:
    """Yields a secret as it is, as part of an address, as part of JSON, and in base64."""
    if len(secret) >= SHORTEST:
        yield secret
        yield quote(secret, safe="")
        yield quote(secret)
        raw = secret.encode(errors="replace")
        yield orjson.dumps(raw.decode()).decode()[1:-1]
        yield from _in_base64(raw)


def _in_base64(raw: bytes) -> Iterator[str]:
    """Yields what base64 makes of a secret wherever it stands, as in the header of basic authentication."""
    for offset in range(3):  # what stands before shifts it by this many bytes
        encoded = base64.b64encode(bytes(offset) + raw)
        whole = encoded[4 * bool(offset) : len(encoded) - 4 * bool((offset + len(raw)) % 3)].decode()
        if len(whole) > SHORTEST:
            yield whole
            yield whole.translate(_URL_SAFE)


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
