"""What keeps failures small: admission, circuit breakers, retries, and telling whose cancellation it is."""
