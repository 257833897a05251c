"""Ymera plugin: Anthropic's Messages API."""
