"""Ymera plugin: Benchmark tasks with computed answers."""
