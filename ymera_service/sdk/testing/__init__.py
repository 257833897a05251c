"""The toolkit for the tests of a plugin.

`contracts` has one class per kind of plugin, which a plugin's tests subclass; `checks` has their assertions as plain
functions that don't depend on pytest; `recorded` is an upstream in memory; `answers` collects a provider's events into
an answer; `pytest_plugin` has the fixtures and is loaded by pytest automatically.
"""
