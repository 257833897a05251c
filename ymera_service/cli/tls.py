"""The certificates with which a command calls a running server."""

import os
from pathlib import Path

import grpc

from ymera_service.cli.problems import wrong

AUTHORITIES, CERTIFICATE, KEY = "YMERA_TLS_CA", "YMERA_TLS_CERTIFICATE", "YMERA_TLS_KEY"
"""Variables with the paths of PEM files: the authorities to trust in place of the usual ones, and a client's
certificate with its key. They are the same for every command, and so not options of each."""


def credentials() -> grpc.ChannelCredentials:
    """Returns the credentials that the environment names.

    Raises:
        CommandFailed: A file can't be read, or there is a certificate without a key, or the other way round.
    """
    certificate, key = _file(CERTIFICATE), _file(KEY)
    if (certificate is None) != (key is None):
        raise wrong(f"set both {CERTIFICATE} and {KEY}, or neither")
    return grpc.ssl_channel_credentials(_file(AUTHORITIES), key, certificate)


def _file(variable: str) -> bytes | None:
    path = os.environ.get(variable)
    if not path:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise wrong(f"the file that {variable} names, {path}, can't be read: {error.strerror}") from None
