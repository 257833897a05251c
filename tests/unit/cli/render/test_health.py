"""The state of a server."""

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from ymera.v1 import ymera_pb2

from tests.unit.cli.render.shown import TWO_SECONDS, lines
from ymera_service.cli.render import health


def test_health_shows_every_part_and_its_problem() -> None:
    state = ymera_pb2.HealthResponse(
        status=ymera_pb2.HEALTH_STATUS_DEGRADED,
        network=ymera_pb2.NetworkHealth(status=ymera_pb2.HEALTH_STATUS_DEGRADED, detail="no name can be resolved"),
        version="0.1.0",
        uptime=Duration(seconds=125),
        storage=ymera_pb2.StorageHealth(status=ymera_pb2.HEALTH_STATUS_OK, backend="sqlite"),
        providers=[
            ymera_pb2.ProviderHealth(
                provider="acme",
                status=ymera_pb2.HEALTH_STATUS_DEGRADED,
                models=1,
                breakers=[
                    ymera_pb2.BreakerHealth(
                        domain="acme#key-1",
                        state=ymera_pb2.BREAKER_STATE_OPEN,
                        retry_after=TWO_SECONDS,
                        last_error="no credit",
                    )
                ],
                unreliable_targets=[
                    ymera_pb2.UnreliableTarget(
                        target="acme/m",
                        success_probability=0.81,
                        standard_deviation=0.045,
                        calls=59.7,
                        failed_calls=12.2,
                    )
                ],
            ),
            ymera_pb2.ProviderHealth(
                provider="lab",
                status=ymera_pb2.HEALTH_STATUS_DEGRADED,
                models=2,
                detail="gone",
                listing_is_stale=True,
                listed_at=Timestamp(seconds=1_795_910_400),
                pauses=[ymera_pb2.PauseHealth(domain="lab/m", retry_after=TWO_SECONDS, reason="slow down")],
            ),
            ymera_pb2.ProviderHealth(
                provider="quiet",
                status=ymera_pb2.HEALTH_STATUS_OK,
                models=1,
                breakers=[
                    ymera_pb2.BreakerHealth(
                        domain="quiet/m",
                        state=ymera_pb2.BREAKER_STATE_HALF_OPEN,
                        last_error="broken",
                        idle=Duration(seconds=125),
                    )
                ],
            ),
            ymera_pb2.ProviderHealth(
                provider="tried",
                status=ymera_pb2.HEALTH_STATUS_DEGRADED,
                models=1,
                breakers=[
                    ymera_pb2.BreakerHealth(
                        domain="tried@", state=ymera_pb2.BREAKER_STATE_HALF_OPEN, last_error="broken"
                    )
                ],
            ),
            ymera_pb2.ProviderHealth(
                provider="ollama", status=ymera_pb2.HEALTH_STATUS_ABSENT, detail="offers no models now"
            ),
        ],
        plugins=[ymera_pb2.PluginHealth(name="acme", status=ymera_pb2.HEALTH_STATUS_DISABLED)],
        background_tasks=[
            ymera_pb2.BackgroundTaskHealth(
                name="catalog refresh", status=ymera_pb2.HEALTH_STATUS_DEGRADED, restarts=2, detail="OSError: no"
            )
        ],
        limits=[
            ymera_pb2.LimitHealth(name="request bytes", in_use=3 * 2**20, limit=128 * 2**20),
            ymera_pb2.LimitHealth(name="acme/large", in_use=43, limit=43, waiting=12),
        ],
        quality_drifts=[
            ymera_pb2.QualityDrift(
                model="acme/large",
                category="coding",
                quality_before=0.9,
                quality_after=0.4,
                detail="got worse since 2026-11-24 08:00 UTC",
            ),
            ymera_pb2.QualityDrift(model="lab/m", category="math", quality_before=0.4, quality_after=0.9, detail="…"),
        ],
        in_flight_requests=3,
        detail="the state in one sentence",
    )
    assert lines(health.health(state)) == [
        "degraded · version 0.1.0 · up 2 min 5 s · 3 requests in progress, 0 queued",
        "the state in one sentence",
        "",
        "            name             state     detail",
        "storage     sqlite           ok",
        "network                      degraded  no name can be resolved",
        (
            "provider    acme             degraded  1 model"
            " · acme#key-1: breaker open, tried again in 2.00 s (no credit)"
            " · acme/m: 12 of about 60 recent calls failed, 0.81 ± 0.04 succeed"
        ),
        (
            "provider    lab              degraded  2 models · stale listing of 2026-11-29 00:00 UTC: gone"
            " · lab/m: paused by its provider for 2.00 s (slow down)"
        ),
        (
            "provider    quiet            ok        1 model"
            " · quiet/m: breaker half open, not called for 2 min 5 s (broken)"
        ),
        "provider    tried            degraded  1 model · tried@: breaker half open, being tried again (broken)",
        "provider    ollama           absent    offers no models now",
        "plugin      acme             disabled",
        "background  catalog refresh  degraded  OSError: no · restarted 2 times",
        "quality     acme/large       worse     coding: got worse since 2026-11-24 08:00 UTC",
        "quality     lab/m            better    math: …",
        "limit       request bytes              3 of 128 MiB in use",
        "limit       acme/large                 43 of 43 in use · 12 waiting",
    ]
