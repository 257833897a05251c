"""What keeps failures small: `slots` (requests at a time), `breaker` (targets that fail), `retries`."""
