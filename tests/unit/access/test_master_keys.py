"""Master keys come from the settings, a file that only its owner can read, or the keyring."""

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked
from pydantic import SecretStr, ValidationError

from ymera_service.access.envelope import MasterKeys, new_master_key
from ymera_service.access.master_keys import MasterKeySource
from ymera_service.config import VaultSettings
from ymera_service.sdk.errors import VaultLocked

KEY = "q80Dz9ZcP7rVX1GfQp3J0b5m2yYh8sLkWnTtEoUiRa4="
ID = MasterKeys.read(KEY).current


class MemoryKeyring(KeyringBackend):
    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring's
        self.found: str | None = None
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked("locked")
        return self.found if (service, username) == ("ymera", "master-key") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        self.found = password


@pytest.fixture
def memory() -> Iterator[MemoryKeyring]:
    before, backend = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def source(tmp_path: Path, **settings: object) -> MasterKeySource:
    return MasterKeySource(VaultSettings.model_validate(settings), tmp_path / "default" / "master.key")


def file(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    path = tmp_path / "master.key"
    path.write_text(text)
    path.chmod(mode)
    return path


def ids(found: MasterKeys | None) -> list[str]:
    assert found is not None
    return list(found.ids)


def test_the_settings_hold_one_or_several(tmp_path: Path) -> None:
    other = new_master_key()
    found = source(tmp_path, master_key=SecretStr(f"{KEY}, {other}")).read()
    assert ids(found) == [ID, MasterKeys.read(other).current]


def test_a_file_holds_one_a_line(tmp_path: Path) -> None:
    other = new_master_key()
    path = file(tmp_path, f"{other}\n{KEY}\n")
    assert ids(source(tmp_path, master_key_file=path).read()) == [MasterKeys.read(other).current, ID]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = file(tmp_path, KEY, mode)
    with pytest.raises(VaultLocked, match="chmod 600"):
        source(tmp_path, master_key_file=path).read()


@pytest.mark.parametrize("text", ["", "not a key", KEY[:-4], "é"])
def test_a_file_with_anything_else_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    path = file(tmp_path, text)
    with pytest.raises(VaultLocked) as caught:
        source(tmp_path, master_key_file=path).read()
    assert str(path) in caught.value.message
    assert not text or text not in caught.value.message


def test_a_missing_file_is_an_error_if_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(VaultLocked, match="No such file"):
        source(tmp_path, master_key_file=tmp_path / "none").read()
    assert source(tmp_path).read() is None


def test_the_default_file_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    made = source(tmp_path).create()
    path = tmp_path / "default" / "master.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["master.key"]
    assert ids(source(tmp_path).create()) == ids(source(tmp_path).read()) == ids(made)


def test_a_default_file_that_can_not_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "default").write_text("a file where the folder would be")
    with pytest.raises(VaultLocked, match="can't be written"):
        source(tmp_path).create()


def test_nothing_is_made_where_a_source_is_configured(tmp_path: Path) -> None:
    with pytest.raises(VaultLocked):
        source(tmp_path, master_key_file=tmp_path / "none").create()
    assert list(tmp_path.iterdir()) == []


def test_the_keyring_holds_them(tmp_path: Path, memory: MemoryKeyring) -> None:
    memory.found = KEY
    assert ids(source(tmp_path, keyring=True).read()) == [ID]


def test_an_empty_and_a_locked_keyring_are_errors(tmp_path: Path, memory: MemoryKeyring) -> None:
    with pytest.raises(VaultLocked, match="keyring set ymera master-key"):
        source(tmp_path, keyring=True).read()
    memory.locked = True
    with pytest.raises(VaultLocked, match="can't be read: locked"):
        source(tmp_path, keyring=True).read()


def test_only_one_source_is_configured() -> None:
    with pytest.raises(ValidationError, match="only one of"):
        VaultSettings(master_key=SecretStr(KEY), keyring=True)
