"""Reproducible random numbers."""

from hashlib import blake2b


def draw(*facts: object) -> float:
    """Returns a number from 0 to below 1 that depends only on the facts."""
    digest = blake2b("\x1f".join(map(str, facts)).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
