"""The settings of all tests."""

from hypothesis import HealthCheck, settings

# pytest's own limit bounds every test; on a busy machine a single example may take longer than any useful deadline.
settings.register_profile("ymera", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ymera")
