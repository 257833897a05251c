"""Measures models on checked tasks."""
