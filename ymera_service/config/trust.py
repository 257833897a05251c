"""What a configuration may not do if it was merely found in the current folder.

A folder may come from a stranger, such as a cloned repository. The keys in the environment or in the user's own
configuration must not be sent to an address that such a folder names, and no command that it names must run.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ymera_service.config.faults import ConfigFault

_ADDRESS = re.compile(r"\s*[a-z][a-z0-9+.-]*:/", re.IGNORECASE)
_KEYS = ("api_key", "api_keys")
_SENT = (*_KEYS, "admin_key")
"""What is sent to an address in the same table."""
_PROBLEM = (
    "a file in the current folder may give an address only with its api_key in the same table, as your own key would "
    "be sent there; or name the file with --config, or write this in your user configuration"
)
_COMMAND = "command"
"""How the names of settings end that name a program to run."""
_RUNS = (
    "a file in the current folder may not name a command, as it may be a stranger's; name the file with --config, or "
    "write this in your user configuration"
)


def misdirected(
    found: Mapping[str, Any], effective: Mapping[str, Any], where: str = "plugins"
) -> Iterator[ConfigFault]:
    """Yields each command, and each address on another machine without its key in the same table of the same file.

    Args:
        found: A table of the file that was found.
        effective: The same table once the environment has been merged into it: a key from there is not the file's.
        where: The path of the table.
    """
    own = any(_filled(found.get(name)) for name in _KEYS)
    own = own and all(effective.get(name) == found.get(name) for name in _SENT)
    for name, value in found.items():
        merged = effective.get(name)
        if value and name.endswith(_COMMAND):
            yield ConfigFault(f"{where}.{name}", _RUNS)
        if isinstance(value, dict):
            yield from misdirected(value, merged if isinstance(merged, dict) else {}, f"{where}.{name}")
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                yield from misdirected(each, each if merged == value else {}, f"{where}.{name}")
            elif isinstance(each, str) and not own and _is_elsewhere(each):
                yield ConfigFault(f"{where}.{name}", _PROBLEM)


def _filled(key: object) -> bool:
    return bool(key.strip() if isinstance(key, str) else key)


def _is_elsewhere(value: str) -> bool:
    """Returns whether a value is an address that is not on this machine."""
    if not _ADDRESS.match(value):
        return False
    try:
        host = urlsplit(value.strip()).hostname or ""
        return host != "localhost" and not ipaddress.ip_address(host).is_loopback
    except ValueError:  # not an IP address, or not a valid one
        return True
