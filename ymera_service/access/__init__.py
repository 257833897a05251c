"""Who calls: keys, of which only hashes are stored."""
