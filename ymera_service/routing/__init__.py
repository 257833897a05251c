"""Which model should answer, in which order, and why. Pure given its inputs."""
