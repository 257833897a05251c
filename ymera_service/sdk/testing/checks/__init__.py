"""What the contracts assert, one file per kind of plugin; each raises `AssertionError` with what is wrong."""
