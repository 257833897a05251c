"""`ymera …`, the main job in the terminal."""
