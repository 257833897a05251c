"""A process killed with -9 while it changes the master key leaves every key readable; the next one goes on."""

import asyncio
import sys

import pytest
from pydantic import SecretStr

from tests.conftest import Observe
from ymera_service.access.envelope import MasterKeys, new_master_key
from ymera_service.access.master_keys import MasterKeySource
from ymera_service.access.vault import Vault
from ymera_service.config import VaultSettings
from ymera_service.storage import Database

WAIT = 60
KEYS = 30
ORIGIN = "https://api.acme.test"
VICTIM = """
import asyncio, os, sys
from pydantic import SecretStr
from ymera_service.access.master_keys import MasterKeySource
from ymera_service.access.vault import Vault
from ymera_service.config import VaultSettings
from ymera_service.storage import Database

async def main():
    async with Database.open(sys.argv[1]) as database:
        stored = database.provider_keys
        replace = stored.replace

        done = 0

        async def noted(before, after):
            nonlocal done
            if done == int(sys.argv[2]):
                writing = asyncio.create_task(replace(before, after))
                await asyncio.sleep(0)
                os.write(1, b"writing\\n")
                await asyncio.Event().wait()
            done += 1
            return await replace(before, after)

        stored.replace = noted
        settings = VaultSettings(master_key=SecretStr(os.environ["MASTER_KEYS"]))
        await Vault(stored, MasterKeySource(settings)).renew()

asyncio.run(main())
"""


def vault(database: Database, *master_keys: str) -> Vault:
    settings = VaultSettings(master_key=SecretStr(" ".join(master_keys)))
    return Vault(database.provider_keys, MasterKeySource(settings))


@pytest.mark.parametrize("after", [0, KEYS // 2])
async def test_kill_9_within_a_change_of_the_master_key_loses_no_key(
    database_url: str, after: int, observe: Observe
) -> None:
    old, new = new_master_key(), new_master_key()
    secrets = {f"key-{number}": f"sk-{number:03}-0123456789abcdef" for number in range(KEYS)}
    async with Database.open(database_url) as database:
        first = vault(database, old)
        for name, secret in secrets.items():
            await first.add("acme", name, secret, ORIGIN)
    victim = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        VICTIM,
        database_url,
        str(after),
        stdout=asyncio.subprocess.PIPE,
        env={"MASTER_KEYS": f"{new} {old}"},
    )
    assert victim.stdout is not None
    try:
        assert await asyncio.wait_for(victim.stdout.readline(), WAIT) == b"writing\n"
    finally:
        victim.kill()
    assert await victim.wait() == -9
    async with Database.open(database_url) as database:
        mixed = [key.master_key_id for key in await database.provider_keys.all()]
        done = mixed.count(MasterKeys.read(new).current)
        observe(f"killed after {done} of {KEYS} keys")
        assert after <= done <= after + 1
        both = vault(database, new, old)
        await both.reread()
        assert dict(both.accounts("acme", ORIGIN)) == secrets
        await both.renew()
        alone = vault(database, new)
        await alone.reread()
        assert dict(alone.accounts("acme", ORIGIN)) == secrets
