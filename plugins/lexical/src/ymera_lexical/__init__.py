"""Ymera plugin: Task categories from the words of a prompt."""
