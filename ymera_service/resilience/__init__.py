"""What keeps failures small: admission and circuit breakers."""
