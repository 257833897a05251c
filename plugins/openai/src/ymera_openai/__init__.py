"""Ymera plugin: OpenAI and every vendor that copies its API."""
