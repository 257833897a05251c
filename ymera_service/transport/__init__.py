"""Carries HTTP for every provider."""
