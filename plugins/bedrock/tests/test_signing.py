"""Signatures are those of AWS's published examples, and those that its own client makes."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from botocore import auth  # type: ignore[import-untyped]  # it has no types
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]  # it has no types
from botocore.credentials import Credentials as BotoCredentials  # type: ignore[import-untyped]  # it has no types
from hypothesis import given
from hypothesis import strategies as st
from ymera_bedrock.signing import Credentials, Scope, signed_headers

from ymera_service.sdk.http import HttpRequest

KEY = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
HOST = "https://example.amazonaws.com"
FORM = "application/x-www-form-urlencoded"


def signed(
    request: HttpRequest, service: str = "service", key: Credentials = KEY, now: datetime = NOW
) -> Mapping[str, str]:
    digest = hashlib.sha256(request.body).hexdigest()
    return signed_headers(request, digest, key, Scope("us-east-1", service), now)


@pytest.mark.parametrize(
    ("request_", "service", "names", "signature"),
    [
        pytest.param(
            HttpRequest("GET", f"{HOST}/"),
            "service",
            "host;x-amz-date",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            id="get-vanilla",
        ),
        pytest.param(
            HttpRequest("GET", f"{HOST}/?Param2=value2&Param1=value1"),
            "service",
            "host;x-amz-date",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            id="get-vanilla-query-order-key-case",
        ),
        pytest.param(
            HttpRequest("GET", f"{HOST}/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
            "service",
            "host;x-amz-date",
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
            id="get-unreserved",
        ),
        pytest.param(
            HttpRequest("POST", f"{HOST}/", {"content-type": FORM}, b"Param1=value1"),
            "service",
            "content-type;host;x-amz-date",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            id="post-x-www-form-urlencoded",
        ),
        pytest.param(
            HttpRequest(
                "GET",
                "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
                {"content-type": f"{FORM}; charset=utf-8"},
            ),
            "iam",
            "content-type;host;x-amz-date",
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            id="documentation",
        ),
    ],
)
def test_the_published_examples_are_signed_as_published(
    request_: HttpRequest, service: str, names: str, signature: str
) -> None:
    headers = signed(request_, service)
    scope = f"AKIDEXAMPLE/20150830/us-east-1/{service}/aws4_request"
    expected = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}"
    assert headers["authorization"] == expected
    assert headers["x-amz-date"] == "20150830T123600Z"


def by_aws(request: HttpRequest, key: Credentials, now: datetime) -> str:
    """The signature that AWS's own client makes."""
    theirs = AWSRequest(request.method, request.url, dict(request.headers), request.body)
    theirs.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
    signer = auth.SigV4Auth(BotoCredentials(key.key_id, key.secret, key.token or None), "bedrock", "us-east-1")
    if key.token:
        theirs.headers["X-Amz-Security-Token"] = key.token
    theirs.headers["X-Amz-Date"] = theirs.context["timestamp"]
    canonical = signer.canonical_request(theirs)
    scope = signer.string_to_sign(theirs, canonical)
    signature = signer.signature(scope, theirs)
    names = signer.signed_headers(signer.headers_to_sign(theirs))
    return f"AWS4-HMAC-SHA256 Credential={signer.scope(theirs)}, SignedHeaders={names}, Signature={signature}"


MODELS = st.one_of(
    st.sampled_from(["us.anthropic.claude-sonnet-4-6", "amazon.nova-lite-v1:0", "arn:aws:bedrock:x:1:p/a b"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1, max_size=20),
).filter(lambda name: name not in {".", ".."})  # a path with these is resolved before it is sent
TEXTS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)


@given(
    model=MODELS,
    key=st.builds(Credentials, st.just("AKID"), TEXTS, st.one_of(st.just(""), TEXTS)),
    page=st.text(max_size=20),
    body=st.binary(max_size=100),
    now=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001  # given its zone below
)
def test_aws_own_client_signs_alike(model: str, key: Credentials, page: str, body: bytes, now: datetime) -> None:
    time = now.replace(tzinfo=UTC)
    url = f"https://bedrock-runtime.us-east-1.amazonaws.com/model/{quote(model, safe=':')}/converse"
    if page:
        url += f"?nextToken={quote(page, safe='')}&maxResults=10"
    request = HttpRequest("POST", url, {"content-type": "application/json"}, body)
    assert signed(request, "bedrock", key, time)["authorization"] == by_aws(request, key, time)


def test_another_port_is_part_of_the_host() -> None:
    plain, other = (HttpRequest("GET", f"http://127.0.0.1{port}/") for port in (":80", ":8080"))
    assert signed(plain) == signed(HttpRequest("GET", "http://127.0.0.1/"))
    assert signed(other) != signed(plain)


def test_headers_that_proxies_change_are_not_signed() -> None:
    request = HttpRequest("GET", f"{HOST}/", {"traceparent": "00-1", "accept": "application/json"})
    assert "SignedHeaders=host;x-amz-date," in signed(request)["authorization"]


def test_a_secret_is_not_shown() -> None:
    assert "wJalr" not in repr(KEY)
    assert "token-1" not in repr(Credentials("a", "b", "token-1"))
