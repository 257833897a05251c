"""The vault on both databases: several servers share it, and master keys change while it is in use."""

import asyncio
import pickle
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, select, update

from ymera_service.access.envelope import MasterKeys, new_master_key
from ymera_service.access.master_keys import MasterKeySource
from ymera_service.access.vault import Vault, fingerprint
from ymera_service.config import VaultSettings
from ymera_service.sdk.errors import InvalidRequest, KeyNotFound, VaultLocked
from ymera_service.storage import Database
from ymera_service.storage.tables import provider_keys

OLD, NEW = new_master_key(), new_master_key()
ORIGIN = "https://api.acme.test"
SECRET, OTHER = "sk-first-0123456789abcdef", "sk-other-0123456789abcdef"
Learn = Callable[[Any], None]


def vault(database: Database, *master_keys: str, learn: Learn = lambda secrets: None) -> Vault:
    settings = VaultSettings(master_key=SecretStr(" ".join(master_keys or (OLD,))))
    return Vault(database.provider_keys, MasterKeySource(settings), learn=learn)


async def master_key_ids(database: Database) -> list[str]:
    return [key.master_key_id for key in await database.provider_keys.all()]


async def change_row(database: Database, name: str, **values: Any) -> None:
    def work(connection: Connection) -> None:
        columns = provider_keys.c
        revision = connection.execute(select(columns.revision).where(columns.name == name)).scalar_one()
        statement = update(provider_keys).where(columns.name == name)
        connection.execute(statement.values(**values, revision=revision + 1))

    await database.write(work)


async def test_a_key_is_added_rotated_and_revoked(database_url: str) -> None:
    async with Database.open(database_url) as database:
        keys = vault(database)
        added = await keys.add("acme", "work", SECRET, ORIGIN)
        assert dict(keys.accounts("acme", ORIGIN)) == {"work": SECRET}
        assert (added.fingerprint, added.rotated_at) == ("…cdef", None)
        rotated = await keys.rotate("acme", "work", OTHER)
        assert dict(keys.accounts("acme", ORIGIN)) == {"work": OTHER}
        assert rotated.rotated_at is not None
        revoked = await keys.revoke("acme", "work")
        assert dict(keys.accounts("acme", ORIGIN)) == {}
        assert revoked.revoked_at is not None
        assert [key.revoked_at for key in await keys.keys()] == [revoked.revoked_at]
        [row] = await database.provider_keys.all(revoked=True)
        assert (row.data_key, row.ciphertext) == (None, None)
        with pytest.raises(KeyNotFound):
            await keys.revoke("acme", "work")
        await keys.add("acme", "work", SECRET, ORIGIN)
        assert [key.revoked_at is None for key in await keys.keys()] == [False, True]


async def test_other_servers_learn_of_every_change(database_url: str) -> None:
    async with Database.open(database_url) as database, Database.open(database_url) as elsewhere:
        learnt: list[str] = []
        here, there = vault(database), vault(elsewhere, learn=learnt.extend)
        assert await there.reread() == set()
        await here.add("acme", "work", SECRET, ORIGIN)
        assert await there.reread() == {("acme", "work")}
        assert dict(there.accounts("acme", ORIGIN)) == {"work": SECRET}
        assert await there.reread() == set()
        await here.rotate("acme", "work", OTHER)
        assert await there.reread() == {("acme", "work")}
        assert dict(there.accounts("acme", ORIGIN)) == {"work": OTHER}
        await here.revoke("acme", "work")
        assert await there.reread() == {("acme", "work")}
        assert dict(there.accounts("acme", ORIGIN)) == {}
        assert learnt == [SECRET, OTHER]


async def test_of_two_servers_that_add_a_name_one_succeeds(database_url: str) -> None:
    async with Database.open(database_url) as database, Database.open(database_url) as elsewhere:
        adding = [
            vault(database).add("acme", "work", SECRET, ORIGIN),
            vault(elsewhere).add("acme", "work", OTHER, ORIGIN),
        ]
        outcomes = await asyncio.gather(*adding, return_exceptions=True)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvalidRequest", "StoredKey"]


async def test_two_servers_that_rotate_a_key_leave_one_that_can_be_read(database_url: str) -> None:
    async with Database.open(database_url) as database, Database.open(database_url) as elsewhere:
        here, there = vault(database), vault(elsewhere)
        await here.add("acme", "work", SECRET, ORIGIN)
        new = [f"sk-new-{number}-0123456789" for number in range(6)]
        servers = [here, there] * 3
        await asyncio.gather(*(one.rotate("acme", "work", key) for one, key in zip(servers, new, strict=True)))
        await asyncio.gather(here.reread(), there.reread())
        assert here.accounts("acme", ORIGIN) == there.accounts("acme", ORIGIN)
        assert here.accounts("acme", ORIGIN)["work"] in new


@pytest.mark.parametrize("name", ["", "Work", "a b", "a#b", "-a", "x" * 64])
async def test_a_name_has_to_be_that_of_an_account(sqlite_url: str, name: str) -> None:
    async with Database.open(sqlite_url) as database:
        with pytest.raises(InvalidRequest, match="name"):
            await vault(database).add("acme", name, SECRET, ORIGIN)


@pytest.mark.parametrize("secret", ["", "two words", "line\nbreak", "schlüssel", "\ud800", "x" * 8193])
async def test_what_is_not_a_key_is_refused_and_not_repeated(sqlite_url: str, secret: str) -> None:
    async with Database.open(sqlite_url) as database:
        with pytest.raises(InvalidRequest) as caught:
            await vault(database).add("acme", "work", secret, ORIGIN)
        assert not secret or secret not in str(caught.value)


async def test_a_provider_has_a_key_once(sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as database:
        keys = vault(database)
        await keys.add("acme", "work", SECRET, ORIGIN)
        await keys.add("other", "work", SECRET, ORIGIN)
        with pytest.raises(InvalidRequest, match="named 'work' already") as caught:
            await keys.add("acme", "home", SECRET, ORIGIN)
        assert SECRET not in str(caught.value)
        with pytest.raises(InvalidRequest, match="rotate it"):
            await keys.add("acme", "work", OTHER, ORIGIN)


async def test_a_new_master_key_takes_over_and_the_old_one_is_not_needed_any_more(database_url: str) -> None:
    async with Database.open(database_url) as database:
        await vault(database).add("acme", "work", SECRET, ORIGIN)
        await vault(database).add("acme", "home", OTHER, ORIGIN)
        both = vault(database, NEW, OLD)
        await both.renew()
        assert await master_key_ids(database) == [MasterKeys.read(NEW).current] * 2
        alone = vault(database, NEW)
        await alone.reread()
        assert dict(alone.accounts("acme", ORIGIN)) == {"work": SECRET, "home": OTHER}
        assert alone.problem == ""
        stale = vault(database, OLD)
        await stale.reread()
        assert dict(stale.accounts("acme", ORIGIN)) == {}
        assert "and 1 more can't be decrypted: the master key" in stale.problem


async def test_a_server_that_knows_both_master_keys_serves_all_meanwhile(database_url: str) -> None:
    async with Database.open(database_url) as database:
        await vault(database, OLD).add("acme", "work", SECRET, ORIGIN)
        await vault(database, NEW, OLD).add("acme", "home", OTHER, ORIGIN)
        assert len(set(await master_key_ids(database))) == 2
        for order in [(OLD, NEW), (NEW, OLD)]:
            keys = vault(database, *order)
            await keys.reread()
            assert dict(keys.accounts("acme", ORIGIN)) == {"work": SECRET, "home": OTHER}


async def test_a_master_key_that_is_replaced_in_its_file_is_used_without_a_restart(
    sqlite_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "master.key"
    file.write_text(OLD)
    file.chmod(0o600)
    source = MasterKeySource(VaultSettings(master_key_file=file))
    async with Database.open(sqlite_url) as database:
        keys = Vault(database.provider_keys, source)
        await keys.add("acme", "work", SECRET, ORIGIN)
        file.write_text(f"{NEW}\n{OLD}\n")
        await keys.renew()
        assert await master_key_ids(database) == [MasterKeys.read(NEW).current]
        file.write_text(NEW)
        await keys.renew()
        assert dict(keys.accounts("acme", ORIGIN)) == {"work": SECRET}
        file.chmod(0o644)
        await keys.renew()
        assert "chmod 600" in keys.problem
        assert dict(keys.accounts("acme", ORIGIN)) == {"work": SECRET}


async def test_rows_that_were_exchanged_or_changed_are_not_used(sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as database:
        keys = vault(database)
        await keys.add("acme", "one", SECRET, ORIGIN)
        await keys.add("acme", "two", OTHER, ORIGIN)
        one, two = await database.provider_keys.all()
        await keys.reread()
        await change_row(database, "two", data_key=one.data_key, ciphertext=one.ciphertext)
        assert await keys.reread() == {("acme", "two")}
        assert dict(keys.accounts("acme", ORIGIN)) == {"one": SECRET}
        assert "'two' of acme can't be decrypted" in keys.problem
        await change_row(database, "two", data_key=two.data_key, ciphertext=two.ciphertext)
        await keys.reread()
        assert (dict(keys.accounts("acme", ORIGIN)), keys.problem) == ({"one": SECRET, "two": OTHER}, "")
        await change_row(database, "one", provider="mallory")
        await keys.reread()
        assert dict(keys.accounts("mallory", ORIGIN)) == {}


async def test_without_a_master_key_nothing_is_added_and_the_remedy_is_named(sqlite_url: str, tmp_path: Path) -> None:
    source = MasterKeySource(VaultSettings(), tmp_path / "none" / "master.key")
    async with Database.open(sqlite_url) as database:
        keys = Vault(database.provider_keys, source)
        with pytest.raises(VaultLocked, match="YMERA_VAULT__MASTER_KEY"):
            await keys.add("acme", "work", SECRET, ORIGIN)
        assert keys.problem == ""
        creating = Vault(database.provider_keys, source, creates=True)
        await creating.add("acme", "work", SECRET, ORIGIN)
        await keys.reread()
        assert dict(keys.accounts("acme", ORIGIN)) == {"work": SECRET}
        (tmp_path / "none" / "master.key").unlink()
        with pytest.raises(VaultLocked):  # a second one would leave the first key unreadable
            await Vault(database.provider_keys, source, creates=True).add("acme", "home", OTHER, ORIGIN)


async def test_neither_the_secret_nor_the_master_key_is_in_the_database(sqlite_url: str, tmp_path: Path) -> None:
    async with Database.open(sqlite_url) as database:
        await vault(database).add("acme", "work", SECRET, ORIGIN)
        file = Path(sqlite_url.removeprefix("sqlite:///"))
        stored = b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))
        assert b"acme" in stored
        assert SECRET.encode() not in stored
        assert OLD.rstrip("=").encode() not in stored


async def test_a_vault_is_neither_shown_nor_pickled(sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as database:
        keys = vault(database)
        await keys.add("acme", "work", SECRET, ORIGIN)
        assert SECRET not in repr(keys) + repr(await keys.keys())
        with pytest.raises(TypeError):
            pickle.dumps(keys)


@pytest.mark.parametrize("secret", ["short", "x" * 19])
def test_little_is_shown_of_a_short_key(secret: str) -> None:
    assert secret[-4:] not in fingerprint(secret)


async def test_a_replacement_of_what_was_changed_meanwhile_fails(database_url: str) -> None:
    async with Database.open(database_url) as database:
        await vault(database).add("acme", "work", SECRET, ORIGIN)
        [before] = await database.provider_keys.all()
        with suppress(KeyNotFound):
            await vault(database).rotate("acme", "work", OTHER)
        assert not await database.provider_keys.replace(before, replace(before, ciphertext=b"stale"))
        [after] = await database.provider_keys.all()
        assert after.ciphertext != b"stale"
