"""A request's journey: admit, route, call with failover, record. Read `journey` first."""
