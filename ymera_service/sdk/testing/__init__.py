"""Proofs that a plugin keeps its promises.

`contracts` holds one class per kind of plugin, to be subclassed by a plugin's tests; `checks` holds what they
assert as plain functions that know no pytest; `recorded` is an upstream that lives in memory; `answers` folds
a provider's events; `pytest_plugin` is loaded by pytest by itself and offers the fixtures.
"""
