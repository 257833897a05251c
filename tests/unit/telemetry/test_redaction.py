"""Secrets are found in settings and environment, and replaced in all texts."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, SecretStr

from ymera_service.config import Settings
from ymera_service.sdk.settings import PluginSettings
from ymera_service.telemetry.redaction import REDACTED, SHORTEST, Redactor, secrets_in, without_credentials

KEY = "sk-0123456789abcdef"


class Vendor(PluginSettings):
    api_key: SecretStr | None = None
    base_url: str = ""


class Plugin(PluginSettings):
    vendors: dict[str, Vendor] = Field(default_factory=dict)
    keys: tuple[SecretStr, ...] = ()


def test_every_secret_of_a_plugins_settings_is_found() -> None:
    settings = Plugin(
        vendors={"a": Vendor(api_key=SecretStr("first-key"), base_url="https://me:hunter22@proxy.example/v1")},
        keys=(SecretStr("other-key"),),
    )
    assert {"first-key", "other-key", "hunter22"} <= set(secrets_in(settings))


def test_the_databases_password_is_found() -> None:
    settings = Settings(storage={"url": "postgresql://ymera:pass%20word1@host/db"})  # type: ignore[arg-type]
    redactor = Redactor.of(settings, {})
    assert redactor("no entry for pass%20word1 or pass word1") == f"no entry for {REDACTED} or {REDACTED}"


def test_the_user_of_a_web_address_without_a_password_is_a_token() -> None:
    assert set(secrets_in(Vendor(base_url="https://token-123@proxy.example/v1"))) == {"token-123"}
    assert not set(secrets_in("postgresql://somebody@host/db"))


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "HF_TOKEN", "MY_SECRET", "YMERA_DB_PASSWORD", "lower_api_key"])
def test_variables_with_secrets_are_recognised_by_their_names(name: str) -> None:
    assert Redactor.of(Settings(), {name: KEY})(f"the key {KEY} is wrong") == f"the key {REDACTED} is wrong"


@pytest.mark.parametrize("name", ["password", "sslpassword"])
def test_a_password_among_the_parameters_of_an_address_is_found(name: str) -> None:
    url = f"postgresql://me@host/db?sslmode=require&{name}=s3cret%2Fpassword"
    redactor = Redactor.of(Settings(storage={"url": url}), {})  # type: ignore[arg-type]  # as in TOML
    assert redactor("it is s3cret/password, or s3cret%2Fpassword") == f"it is {REDACTED}, or {REDACTED}"


def test_settings_never_show_the_databases_address() -> None:
    settings = Settings(storage={"url": "postgresql://me:pw@host/db?password=pw"})  # type: ignore[arg-type]  # as in TOML
    assert "pw" not in repr(settings) + str(settings)


def test_of_other_variables_only_a_password_in_an_address_is_a_secret() -> None:
    environment = {"HOME": "/home/somebody", "HTTPS_PROXY": "http://me:hunter22@proxy:8080"}
    redactor = Redactor.of(Settings(), environment)
    assert redactor("/home/somebody hunter22") == f"/home/somebody {REDACTED}"


@pytest.mark.parametrize("dummy", ["ollama", "EMPTY", "none", "x" * (SHORTEST - 1), "        "])
def test_a_dummy_key_is_not_redacted(dummy: str) -> None:
    assert Redactor([dummy])(f"asking {dummy} now") == f"asking {dummy} now"


def test_learned_secrets_are_added() -> None:
    redactor = Redactor(["first-key"])
    redactor.learn(["first-key-and-more", "other-key"])
    assert redactor("first-key-and-more, other-key, first-key") == f"{REDACTED}, {REDACTED}, {REDACTED}"


def test_without_secrets_nothing_changes() -> None:
    assert Redactor()("anything") == "anything"
    assert Redactor().line(b"\xff") == b"\xff"


secrets = st.text(st.characters(exclude_categories=["Cs"]), min_size=SHORTEST).filter(
    lambda text: len(text.strip()) >= SHORTEST and text == text.strip()
)


@given(secrets, st.text(st.characters(exclude_categories=["Cs"])))
def test_a_secret_is_not_readable_in_text_or_json(secret: str, around: str) -> None:
    redactor = Redactor([secret])
    assert secret not in redactor(around + secret + around).replace(REDACTED, "\n\n")
    line = redactor.line(json.dumps({"error": secret}, ensure_ascii=False).encode())
    assert line == b'{"error": "' + REDACTED.encode() + b'"}'


@pytest.mark.parametrize("kept", [9, 15])
def test_a_secret_that_was_cut_off_at_the_end_of_a_text_is_not_readable(kept: int) -> None:
    secret = "sk-0123456789abcdef"
    assert Redactor([secret])(f"bad key {secret[:kept]}…") == f"bad key {REDACTED}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("'https://me:hunter2@host/v1' is not valid", f"'https://{REDACTED}@host/v1' is not valid"),
        ("http://token@proxy:8080", f"http://{REDACTED}@proxy:8080"),
        ("socks5://me:p@ss@proxy", f"socks5://{REDACTED}@proxy"),
        ("https://host/v1?api_key=abc&x=1", f"https://host/v1?api_key={REDACTED}&x=1"),
        ("https://host/v1?x=1&sig=abc", f"https://host/v1?x=1&sig={REDACTED}"),
        ("https://host/users/@me", "https://host/users/@me"),
        ("server.address: write host:port", "server.address: write host:port"),
    ],
)
def test_an_address_is_shown_without_its_credentials(text: str, shown: str) -> None:
    assert without_credentials(text) == shown


@given(st.text(max_size=2_000))
def test_any_text_without_an_address_is_kept(text: str) -> None:
    assert "://" in text or "=" in text or without_credentials(text) == text


def test_hostile_text_takes_linear_time() -> None:
    for text in ("://" * 100_000, "?" * 300_000, "?key" * 100_000, "://" + "a" * 300_000):
        without_credentials(text)


@given(
    secrets=st.lists(st.text(st.characters(codec="utf-8"), min_size=8, max_size=40).map(str.strip), max_size=20),
    before=st.text(max_size=30),
    after=st.text(max_size=30),
)
def test_a_secret_is_found_between_any_other_characters(secrets: list[str], before: str, after: str) -> None:
    redact = Redactor(secrets)
    for secret in secrets:
        if len(secret) >= 8:
            assert secret not in redact(f"{before}{secret}{after}")
            line = f"{before}{secret}{after}".encode(errors="replace")
            assert secret.encode() not in redact.line(line)


@given(secret=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=12), before=st.binary(max_size=9))
def test_a_secret_in_base64_is_found_wherever_it_stands_there(secret: str, before: bytes) -> None:
    whole = base64.b64encode(before + secret.encode() + b" and more").decode()
    redacted = Redactor([secret])(f"Basic {whole}")
    assert REDACTED in redacted
    assert Redactor([secret]).line(f"Basic {whole}".encode()) == redacted.encode()


def test_what_it_costs_does_not_grow_with_the_number_of_secrets() -> None:
    redact = Redactor(f"sk-{number:06}-{'x' * 40}" for number in range(1000))
    line = b'{"event":"call","status":"OK"}'
    assert redact.line(line) is line
    assert redact(f"you sent sk-000500-{'x' * 40}") == f"you sent {REDACTED}"
    assert redact("you sent sk-000500-xxxxx…") == f"you sent {REDACTED}"
