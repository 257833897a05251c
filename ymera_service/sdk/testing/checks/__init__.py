"""The assertions of the contracts, one file per kind of plugin; each raises `AssertionError` with the problem."""
