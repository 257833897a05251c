"""Envelope encryption: each secret has a data key of its own, and a master key encrypts the data keys.

So a new master key takes the encryption of small keys anew, not of the secrets. Everything is AES-256-GCM. What a
secret belongs to is authenticated with it: in the place of another one, it can't be opened.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
"""The size of master keys and data keys: AES-256."""
_NONCE_BYTES = 12
_SECRET, _DATA_KEY = b"ymera vault 1: secret", b"ymera vault 1: data key"
"""What is encrypted: neither can be taken for the other. The number is the version of the format."""
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{64}")


class NotAMasterKey(ValueError):
    """A text does not hold master keys. The message does not repeat it."""


class Unreadable(Exception):
    """A secret can't be decrypted: its master key is missing, or it was changed or moved; the message says which."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted secret.

    Attributes:
        master_key_id: The id of the master key that encrypted the data key.
        data_key: The encrypted data key.
        ciphertext: The secret, encrypted with the data key.
    """

    master_key_id: str
    data_key: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)


def new_master_key() -> str:
    """Returns a random master key as text."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


class MasterKeys:
    """Master keys: the first one encrypts, and each of them decrypts what it encrypted. Neither shown nor pickled."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        """Takes the keys, each of `KEY_BYTES` bytes.

        Raises:
            NotAMasterKey: There are none, or one has another size.
        """
        self._ciphers = {id_of(key): _cipher(key) for key in keys}
        if not self._ciphers:
            raise NotAMasterKey("it contains no master key")

    @classmethod
    def read(cls, text: str) -> "MasterKeys":
        """Reads master keys from a text: each in base64 or hexadecimal, divided by white space or commas.

        Raises:
            NotAMasterKey: The text holds none, or something else.
        """
        return cls(_decoded(word) for word in re.split(r"[\s,]+", text) if word)

    @property
    def current(self) -> str:
        """The id of the key that encrypts."""
        return next(iter(self._ciphers))

    @property
    def ids(self) -> Sequence[str]:
        """The ids of all keys, the current one first."""
        return list(self._ciphers)

    def seal(self, secret: str, belongs_to: Sequence[str]) -> Sealed:
        """Encrypts a secret, bound to what it belongs to, with a new data key."""
        data_key = os.urandom(KEY_BYTES)
        ciphertext = _encrypt(_cipher(data_key), secret.encode(), _bound(_SECRET, belongs_to))
        return self._wrapped(data_key, ciphertext, belongs_to)

    def open(self, sealed: Sealed, belongs_to: Sequence[str]) -> str:
        """Decrypts a secret.

        Raises:
            Unreadable: The master key is missing, or the secret was changed or belongs to something else.
        """
        data_key = self._data_key(sealed, belongs_to)
        return _decrypt(_cipher(data_key), sealed.ciphertext, _bound(_SECRET, belongs_to)).decode()

    def rewrap(self, sealed: Sealed, belongs_to: Sequence[str]) -> Sealed:
        """Returns the same secret with its data key encrypted by the current master key.

        Raises:
            Unreadable: As `open` does for the data key.
        """
        return self._wrapped(self._data_key(sealed, belongs_to), sealed.ciphertext, belongs_to)

    def _wrapped(self, data_key: bytes, ciphertext: bytes, belongs_to: Sequence[str]) -> Sealed:
        cipher = self._ciphers[self.current]
        return Sealed(self.current, _encrypt(cipher, data_key, _bound(_DATA_KEY, belongs_to)), ciphertext)

    def _data_key(self, sealed: Sealed, belongs_to: Sequence[str]) -> bytes:
        cipher = self._ciphers.get(sealed.master_key_id)
        if cipher is None:
            raise Unreadable(f"the master key {sealed.master_key_id}, with which it was encrypted, is not configured")
        data_key = _decrypt(cipher, sealed.data_key, _bound(_DATA_KEY, belongs_to))
        if len(data_key) != KEY_BYTES:
            raise Unreadable("its data key has a wrong size")
        return data_key

    def __repr__(self) -> str:
        return f"MasterKeys({', '.join(self._ciphers)})"

    def __reduce__(self) -> str:
        raise TypeError("master keys are not pickled")


def id_of(key: bytes) -> str:
    """Returns the id of a master key, from which nothing follows about the key."""
    return hmac.digest(key, b"ymera vault: id of a master key", hashlib.sha256).hex()[:8]


def _decoded(word: str) -> bytes:
    try:
        if _HEXADECIMAL.fullmatch(word):
            return bytes.fromhex(word)
        padded = word + "=" * (-len(word) % 4)
        key = base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise NotAMasterKey("a master key is 32 bytes in base64 or hexadecimal; `ymera keys master-key` makes one")
    return key


def _cipher(key: bytes) -> "AESGCM":
    # Imported when a key is used: most commands and many servers have no vault.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    if len(key) != KEY_BYTES:
        raise NotAMasterKey(f"a key has {len(key)} bytes, not {KEY_BYTES}")
    return AESGCM(key)


def _encrypt(cipher: "AESGCM", plain: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, bound)


def _decrypt(cipher: "AESGCM", data: bytes, bound: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415  # see `_cipher`

    try:
        return cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], bound)
    except (InvalidTag, ValueError):  # a nonce that is cut off is a ValueError
        raise Unreadable("it was changed, or belongs to another key") from None


def _bound(what: bytes, belongs_to: Sequence[str]) -> bytes:
    """Returns what is authenticated: each part with its length, so that no two sequences are the same bytes."""
    return b"".join(_with_lengths([what, *(part.encode() for part in belongs_to)]))


def _with_lengths(parts: Iterable[bytes]) -> Iterator[bytes]:
    for part in parts:
        yield len(part).to_bytes(4, "big")
        yield part
