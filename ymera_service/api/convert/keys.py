"""Keys of providers as messages."""

from ymera.v1 import keys_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.serving.checking import KeyCheck
from ymera_service.serving.keys import ListedKey


def key_fields(key: ListedKey) -> Fields:
    """Returns a key, of which only the fingerprint is known here."""
    in_vault = key.created_at is not None
    return {
        "provider": key.provider,
        "name": key.name,
        "fingerprint": key.fingerprint,
        "source": pb.ProviderKey.SOURCE_VAULT if in_vault else pb.ProviderKey.SOURCE_CONFIGURATION,
        "state": pb.ProviderKey.State.Value(f"STATE_{key.state.name}"),
        "detail": key.detail,
        "created_at": key.created_at,
        "rotated_at": key.rotated_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.use.last,
        "attempts": key.use.attempts,
        "cost_micros": key.use.cost_micros,
    }


def check_fields(check: KeyCheck) -> Fields:
    """Returns a verdict on a key."""
    verdict = pb.KeyCheck.Verdict.Value(f"VERDICT_{check.verdict.name}")
    return {"provider": check.provider, "name": check.name, "verdict": verdict, "detail": check.detail}
