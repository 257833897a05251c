"""Ymera plugin: The smallest provider: it says what it was told."""
