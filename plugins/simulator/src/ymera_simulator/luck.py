"""Chance that comes out the same every time it is asked the same."""

from hashlib import blake2b


def draw(*facts: object) -> float:
    """Returns a number from 0 to below 1 that depends on the facts alone."""
    digest = blake2b("\x1f".join(map(str, facts)).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
