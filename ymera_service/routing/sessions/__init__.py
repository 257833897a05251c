"""Which target a session stays with: `affinity`, as long as its topic goes on (`topics`), on all servers (`shared`)."""
