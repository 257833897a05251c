"""Where the master keys of the vault come from: the settings, a file, or the operating system's keyring."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from ymera_service.access.envelope import MasterKeys, NotAMasterKey, new_master_key
from ymera_service.config import VaultSettings, default_master_key_file
from ymera_service.sdk.errors import VaultLocked

SERVICE, USERNAME = "ymera", "master-key"
"""What the keyring's entry is stored under."""


class MasterKeySource:
    """Reads the master keys that the settings name. Blocks: files and keyrings may be slow."""

    def __init__(self, settings: VaultSettings, default_file: Path | None = None) -> None:
        """`default_file` is used if the settings name no source."""
        self._settings = settings
        self._default = default_file or default_master_key_file()

    def read(self) -> MasterKeys | None:
        """Returns the keys; None if no source is configured and the default file does not exist.

        Raises:
            VaultLocked: What is configured can't be read, or holds something else.
        """
        settings = self._settings
        if settings.master_key is not None:
            return _parsed(settings.master_key.get_secret_value(), "vault.master_key")
        if settings.master_key_file is not None:
            return _parsed(_contents(settings.master_key_file), str(settings.master_key_file))
        if settings.keyring:
            return _parsed(_of_keyring(), "the keyring's entry `ymera`, `master-key`")
        return _parsed(_contents(self._default), str(self._default)) if self._default.exists() else None

    def create(self) -> MasterKeys:
        """Returns the keys, and first makes the file at the default place if there are none.

        Raises:
            VaultLocked: As `read`; or the file can't be written.
        """
        if (found := self.read()) is not None:
            return found
        try:
            _write_new(self._default, new_master_key() + "\n")
        except OSError as error:
            problem = f"{self._default} can't be written: {error.strerror}"
            raise VaultLocked(f"there is no master key, and {problem}; set vault.master_key_file") from None
        created = self.read()
        assert created is not None
        return created


def _parsed(text: str, source: str) -> MasterKeys:
    try:
        return MasterKeys.read(text)
    except NotAMasterKey as error:
        raise VaultLocked(f"{source}: {error}") from None


def _contents(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            state = os.fstat(stream.fileno())
            if os.name == "posix" and stat.S_IMODE(state.st_mode) & 0o077:
                mode = stat.S_IMODE(state.st_mode)
                raise VaultLocked(f"{file} can be read by others, with mode {mode:04o}; run: chmod 600 {file}")
            return stream.read(65_536).decode("ascii")
    except OSError as error:
        raise VaultLocked(f"the master key in {file} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise VaultLocked(f"{file} does not hold a master key in base64 or hexadecimal") from None


def _write_new(file: Path, text: str) -> None:
    """Writes a file that only its owner can read, whole or not at all; leaves one that another process made meanwhile.

    Raises:
        OSError: It can't be written.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):
            os.link(draft, file)
        _sync_folder(file.parent)
    finally:
        draft.unlink()


def _sync_folder(folder: Path) -> None:
    """Makes a new file's name durable: secrets are encrypted with the key in it from now on."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _of_keyring() -> str:
    try:
        import keyring  # noqa: PLC0415  # an extra, which few need
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError:
        raise VaultLocked(
            "vault.keyring is set, but the extra is not installed: pip install 'ymera[keyring]'"
        ) from None
    try:
        found = keyring.get_password(SERVICE, USERNAME)
    except KeyringError as error:
        raise VaultLocked(f"the operating system's keyring can't be read: {error}") from None
    if found is None:
        remedy = "`ymera keys master-key | keyring set ymera master-key` stores one"
        raise VaultLocked(f"the operating system's keyring has no master key; {remedy}")
    return found
