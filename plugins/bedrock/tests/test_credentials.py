"""Where credentials and regions come from."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest
from ymera_bedrock.credentials import Files, ProfileSource, of_environment
from ymera_bedrock.signing import Credentials

from ymera_service.sdk.errors import AuthenticationFailed

CREDENTIALS = """
[default]
aws_access_key_id = AKIDEFAULT
aws_secret_access_key = s%cret/1

[work]
aws_access_key_id=AKIWORK
aws_secret_access_key=secret-2
aws_session_token=token-2

[incomplete]
aws_access_key_id = AKI
"""
CONFIG = """
[default]
region = eu-central-1
s3 =
    max_concurrent_requests = 20

[profile work]
region = us-west-2

[profile other]
aws_access_key_id = AKIOTHER
aws_secret_access_key = secret-3
"""


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def files(tmp_path: Path) -> Files:
    (tmp_path / "credentials").write_text(CREDENTIALS)
    (tmp_path / "config").write_text(CONFIG)
    return Files(tmp_path / "credentials", tmp_path / "config")


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("default", Credentials("AKIDEFAULT", "s%cret/1")),
        ("work", Credentials("AKIWORK", "secret-2", "token-2")),
        ("other", Credentials("AKIOTHER", "secret-3")),
        ("incomplete", None),
        ("none", None),
    ],
)
def test_a_profile_has_its_key(files: Files, profile: str, expected: Credentials | None) -> None:
    assert files.keys(profile) == expected


def test_a_profile_has_its_region(files: Files) -> None:
    assert [files.region(name) for name in ("default", "work", "other", "none")] == [
        "eu-central-1",
        "us-west-2",
        "",
        "",
    ]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"no section", b"[a\n", b""])
def test_a_file_that_can_not_be_read_has_no_profiles(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c").write_bytes(content)
    for path in (tmp_path / "c", tmp_path / "none", tmp_path):
        assert Files(path, path).keys("default") is None


def test_the_environment_names_the_files() -> None:
    named = {"AWS_SHARED_CREDENTIALS_FILE": "/a", "AWS_CONFIG_FILE": "/b"}
    assert Files.of(named) == Files(Path("/a"), Path("/b"))
    assert Files.of(named, Path("/c")).credentials == Path("/c")
    assert Files.of({}) == Files(Path("~/.aws/credentials").expanduser(), Path("~/.aws/config").expanduser())


def test_the_environment_holds_a_key_or_none() -> None:
    both = {"AWS_ACCESS_KEY_ID": "AKI ", "AWS_SECRET_ACCESS_KEY": "s"}
    assert of_environment(both) == Credentials("AKI", "s")
    assert of_environment(both | {"AWS_SESSION_TOKEN": "t"}) == Credentials("AKI", "s", "t")
    assert of_environment({"AWS_ACCESS_KEY_ID": "AKI"}) is None


async def test_a_file_is_read_again_as_its_keys_are_renewed(files: Files) -> None:
    clock = Clock()
    source = ProfileSource(files, "work", clock)
    assert {(await source()).key_id for _ in range(3)} == {"AKIWORK"}
    files.credentials.write_text(CREDENTIALS.replace("AKIWORK", "AKINEW"))
    clock.now = 59.0
    assert (await source()).key_id == "AKIWORK"
    clock.now = 60.0
    assert {key.key_id for key in await asyncio.gather(*(source() for _ in range(9)))} == {"AKINEW"}


async def test_a_profile_without_a_key_is_an_authentication_error(files: Files) -> None:
    with pytest.raises(AuthenticationFailed, match="'incomplete' has no access key"):
        await ProfileSource(files, "incomplete")()
