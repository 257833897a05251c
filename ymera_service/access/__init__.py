"""Who calls and what it may do: keys, of which only hashes are stored, with their limits."""
