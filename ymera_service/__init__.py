"""Ymera, an AI routing and execution service."""

__version__ = "0.1.0"
