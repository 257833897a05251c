"""AWS Signature Version 4, as https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
describes it."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, unquote, urlsplit

from ymera_service.sdk.http import HttpRequest

_ALGORITHM = "AWS4-HMAC-SHA256"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_UNRESERVED = "-._~"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key; `token` is that of a session and empty for a lasting key."""

    key_id: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Scope:
    """The region and the service that a signature is for."""

    region: str
    service: str


def signed_headers(
    request: HttpRequest, body_hash: str, credentials: Credentials, scope: Scope, now: datetime
) -> dict[str, str]:
    """Returns the headers of a request with its signature. The transport adds `host`, which is signed too.

    Args:
        request: The request, with its full URL as it is sent, and header names in lower case.
        body_hash: The SHA-256 of its body in hexadecimal digits.
        credentials: The key to sign with.
        scope: What the signature is for.
        now: The time in UTC. A signature is accepted for about five minutes around it.
    """
    time = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {**request.headers, "x-amz-date": time}
    if credentials.token:
        headers["x-amz-security-token"] = credentials.token
    signed = {"host": _host(request.url)} | {
        name: value for name, value in headers.items() if name == "content-type" or name.startswith("x-amz-")
    }
    names = ";".join(sorted(signed))
    canonical = _canonical(request, signed, names, body_hash)
    date = f"{time[:8]}/{scope.region}/{scope.service}/aws4_request"
    to_sign = "\n".join((_ALGORITHM, time, date, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{credentials.secret}".encode()
    for part in date.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    authorization = f"{_ALGORITHM} Credential={credentials.key_id}/{date}, SignedHeaders={names}, Signature={signature}"
    return headers | {"authorization": authorization}


def _canonical(request: HttpRequest, signed: Mapping[str, str], names: str, body_hash: str) -> str:
    address = urlsplit(request.url)
    headers = "".join(f"{name}:{' '.join(signed[name].split())}\n" for name in sorted(signed))
    # The path is encoded once more than it is sent; only S3 does without that.
    path = quote(address.path or "/", safe=f"/{_UNRESERVED}")
    return "\n".join((request.method, path, _canonical_query(address.query), headers, names, body_hash))


def _canonical_query(query: str) -> str:
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    encoded = sorted((_encoded(name), _encoded(value)) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def _encoded(sent: str) -> str:
    return quote(unquote(sent), safe=_UNRESERVED)


def _host(url: str) -> str:
    address = urlsplit(url)
    host = (address.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    return host if address.port in (None, _DEFAULT_PORTS.get(address.scheme)) else f"{host}:{address.port}"
