"""The address of a host, as Ollama's own programs read it."""

from urllib.parse import urlsplit

DEFAULT = "http://127.0.0.1:11434"


def address_of(host: str, default: str) -> str:
    """Returns the address of a host; the default if it is empty or not valid.

    Without a scheme it is http on the default port, and an address to listen at means this machine.
    """
    named = urlsplit(host if "://" in host else f"http://{host}")
    try:
        port = named.port or (None if "://" in host else urlsplit(default).port)
    except ValueError:
        return default
    if not host or named.scheme not in ("http", "https"):
        return default
    name = named.hostname or "127.0.0.1"
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(name, name)  # noqa: S104  # not to listen there, but to call it
    return f"{named.scheme}://{f'[{name}]' if ':' in name else name}{f':{port}' if port else ''}{named.path}"
