"""Logs without secrets, and timings of the phases of requests."""
