"""Who calls and what it may do: keys, of which only hashes are stored, with their limits. And providers' own keys.

`envelope` encrypts a key, `master_keys` finds what it is encrypted with, and `vault` holds the keys of all providers.
"""
