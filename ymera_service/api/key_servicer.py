"""KeyService: the keys with which providers are called."""

from collections.abc import Mapping

from ymera.v1 import keys_pb2 as pb

from ymera_service.api.convert.keys import check_fields, key_fields
from ymera_service.api.handlers import Method, Unary
from ymera_service.serving.calls import Call
from ymera_service.serving.keys import ProviderKeys

SERVICE = pb.DESCRIPTOR.services_by_name["KeyService"].full_name


class KeyServicer:
    """Converts, calls, converts."""

    def __init__(self, keys: ProviderKeys) -> None:
        self._keys = keys

    def methods(self) -> Mapping[str, Method]:
        """Returns the methods by their names in the contract."""
        return {
            "AddKey": Unary(pb.AddKeyRequest, self.add),
            "ListKeys": Unary(pb.ListKeysRequest, self.list),
            "CheckKeys": Unary(pb.CheckKeysRequest, self.check),
            "RotateKey": Unary(pb.RotateKeyRequest, self.rotate),
            "RevokeKey": Unary(pb.RevokeKeyRequest, self.revoke),
        }

    async def add(self, request: pb.AddKeyRequest, call: Call) -> pb.AddKeyResponse:
        """Adds a key."""
        key = await self._keys.add(call.caller, request.provider, request.name, request.secret)
        return pb.AddKeyResponse(key=pb.ProviderKey(**key_fields(key)))

    async def list(self, request: pb.ListKeysRequest, call: Call) -> pb.ListKeysResponse:
        """Returns the keys, and the providers that take some."""
        found = await self._keys.list(call.caller)
        providers = [
            pb.KeyProvider(provider=name, variables=keys.variables) for name, keys in self._keys.providers.items()
        ]
        return pb.ListKeysResponse(keys=[pb.ProviderKey(**key_fields(key)) for key in found], providers=providers)

    async def check(self, request: pb.CheckKeysRequest, call: Call) -> pb.CheckKeysResponse:
        """Asks providers whether they accept keys."""
        found = await self._keys.check(call.caller, request.provider, request.name)
        return pb.CheckKeysResponse(checks=[pb.KeyCheck(**check_fields(one)) for one in found])

    async def rotate(self, request: pb.RotateKeyRequest, call: Call) -> pb.RotateKeyResponse:
        """Replaces a key."""
        key = await self._keys.rotate(call.caller, request.provider, request.name, request.secret)
        return pb.RotateKeyResponse(key=pb.ProviderKey(**key_fields(key)))

    async def revoke(self, request: pb.RevokeKeyRequest, call: Call) -> pb.RevokeKeyResponse:
        """Deletes a key."""
        key = await self._keys.revoke(call.caller, request.provider, request.name)
        return pb.RevokeKeyResponse(key=pb.ProviderKey(**key_fields(key)))
