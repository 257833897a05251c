"""Creates providers from the settings and the environment."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from ymera_openai.chat_completions import ChatCompletions
from ymera_openai.completions import Completions
from ymera_openai.embeddings import JSON_NUMBERS
from ymera_openai.listing import RERANKS, Offer
from ymera_openai.local import LOCAL_SERVERS
from ymera_openai.provider import ByModel, OpenAiProvider, Unconfigured
from ymera_openai.quirks import Quirks, ReasoningControl, ReasoningEcho
from ymera_openai.responses import Responses
from ymera_openai.settings import EndpointSettings, OpenAiSettings, VendorSettings
from ymera_openai.vendors import NO_SCHEMA, VENDORS, Vendor
from ymera_service.sdk.billing import AdminKey
from ymera_service.sdk.http import Dialect, Endpoint, Transport
from ymera_service.sdk.keys import Keys, Vault, bearer
from ymera_service.sdk.later import keyed
from ymera_service.sdk.models import Capability, Price
from ymera_service.sdk.providers import Provider

_DEFAULTS = VendorSettings()


def providers(
    settings: OpenAiSettings, environ: Mapping[str, str], transport: Transport, vault: Vault | None = None
) -> Iterator[Provider]:
    """Yields each vendor that has a key or may get one, each local server to look for, and each configured endpoint."""
    for row in VENDORS.values():
        table = settings.vendors.get(row.name, _DEFAULTS)
        vendor = _in_account(row, environ.get(row.account_variable, "").strip())
        keys, base_url = _keys(vendor, settings, environ, vault), _base_url(vendor, table, environ)
        if not table.enabled:
            continue
        endpoint, admin = Endpoint(base_url, accounts=keys), _admin(vendor, table, environ)
        yielded = (
            list(keyed(keys, vault, partial(_vendor, vendor, table, endpoint, transport, admin))) if base_url else []
        )
        yield from yielded
        if not yielded and keys.wanted:
            yield Unconfigured(vendor.name, keys.missing if not keys.known else _without_address(vendor))
    yield from _local_servers(settings, transport)
    for name, further in settings.endpoints.items():
        yield _endpoint(name, further, transport, vault)


def _keys(vendor: Vendor, settings: OpenAiSettings, environ: Mapping[str, str], vault: Vault | None) -> Keys:
    table = settings.vendors.get(vendor.name, _DEFAULTS)
    return Keys(
        vendor.name,
        table.configured_keys(vendor.key_variables, environ),
        vault,
        address=_base_url(vendor, table, environ),
        headers=bearer if vendor.key_header == "authorization" else lambda key: {vendor.key_header: key},
        variables=vendor.key_variables,
        missing=f"vendors.{vendor.name}: set api_key, or {' or '.join(vendor.key_variables)} in the environment",
        wanted=vendor.name in settings.vendors,
    )


def _in_account(vendor: Vendor, account: str) -> Vendor:
    """Returns the vendor with the addresses that it has for an account; without one it has no address."""
    if not vendor.account_variable:
        return vendor
    base_url = vendor.base_url.format(account=account) if account else ""
    return replace(vendor, base_url=base_url, listing=vendor.listing.format(account=account))


def _base_url(vendor: Vendor, table: VendorSettings, environ: Mapping[str, str]) -> str:
    configured = table.base_url or environ.get(vendor.base_url_variable, "").strip()
    if not configured:
        return vendor.base_url
    configured = configured.rstrip("/")
    return configured if configured.endswith("/v1") else configured + vendor.path


def _without_address(vendor: Vendor) -> str:
    variable = vendor.base_url_variable or vendor.account_variable
    return f"vendors.{vendor.name}: set base_url, or {variable} in the environment"


def _vendor(
    vendor: Vendor, table: VendorSettings, endpoint: Endpoint, transport: Transport, admin: AdminKey
) -> Provider:
    quirks = replace(vendor.quirks, vendor=vendor.name)
    dialect: Dialect = ByModel(quirks) if quirks.openai_families else ChatCompletions(quirks)
    offer = Offer(
        vendor.price_vendor,
        vendor.lacks,
        _searching(quirks),
        vendor.partial,
        batch=vendor.batch,
        hosted=quirks.openai_families,
        works=vendor.works,
        free=vendor.free,
        free_limits=vendor.free_limits,
    )
    return OpenAiProvider(
        vendor.name,
        dialect,
        endpoint,
        transport,
        offer=offer,
        names=table.models or vendor.models,
        listing="/models" if table.base_url else vendor.listing,
        checked="" if table.base_url else vendor.checked,
        vectors=vendor.vectors,
        counts=Responses(quirks) if vendor.counts else None,
        bills=vendor.bills,
        admin=admin,
    )


def _admin(vendor: Vendor, table: VendorSettings, environ: Mapping[str, str]) -> AdminKey:
    """Returns the key for bills. That of the environment is not sent to an address that the settings name."""
    key = table.admin_key.get_secret_value() if table.admin_key else ""
    if not table.base_url:
        key = key or environ.get(vendor.admin_variable, "").strip()
    setting = f"plugins.openai.vendors.{vendor.name}.admin_key"
    either = setting if table.base_url else f"{vendor.admin_variable} or {setting}"
    return AdminKey(bearer(key) if key else {}, f"set {either} to a key of the vendor's administration")


def _searching(quirks: Quirks) -> frozenset[Capability]:
    return frozenset({Capability.WEB_SEARCH}) if quirks.web_search else frozenset()


def _local_servers(settings: OpenAiSettings, transport: Transport) -> Iterator[Provider]:
    for server in LOCAL_SERVERS:
        table = settings.vendors.get(server.name)
        if table is None:
            if settings.discover_local:
                yield server(transport)
        elif table.enabled:
            headers = bearer(table.api_key.get_secret_value()) if table.api_key else {}
            yield server(transport, Endpoint(table.base_url or server.default_root, headers), table.models)


def _endpoint(name: str, table: EndpointSettings, transport: Transport, vault: Vault | None) -> Provider:
    quirks, like = _quirks(table), VENDORS.get(table.like)
    offer = Offer(
        table.price_vendor or (like.price_vendor if like else ""),
        lacks=like.lacks if like else frozenset(),
        batch=like.batch if like else (0, 0),
        has=_searching(quirks),
        hosted=quirks.openai_families or table.dialect == "responses",
        works=like.works if like else RERANKS,
        partial=frozenset() if quirks.json_schema else NO_SCHEMA,
        price=Price(0, 0, source="local") if table.local else None,
        local=table.local,
    )
    dialect = _dialect(table.dialect, quirks)
    keys = Keys(name, table.configured_keys((), {}), vault, address=table.base_url)
    endpoint = Endpoint(table.base_url, accounts=keys)
    vectors = like.vectors if like else JSON_NUMBERS
    return OpenAiProvider(name, dialect, endpoint, transport, offer=offer, names=table.models, vectors=vectors)


def _quirks(table: EndpointSettings) -> Quirks:
    """Returns the quirks of the vendor that an endpoint is like, changed as its table states."""
    like = VENDORS.get(table.like)
    quirks = replace(like.quirks, vendor=like.name) if like else Quirks(top_k=table.local)
    given = table.model_fields_set
    stated: dict[str, Any] = {
        "max_tokens": table.max_tokens_field if "max_tokens_field" in given else quirks.max_tokens,
        "json_schema": table.json_schema if "json_schema" in given else quirks.json_schema,
        "reasoning": ReasoningControl(table.thinking) if table.thinking else quirks.reasoning,
        "echo": quirks.echo if table.thoughts is None else ReasoningEcho(table.thoughts),
    }
    return replace(quirks, **stated)


def _dialect(name: str, quirks: Quirks) -> Dialect:
    if name == "responses":
        return Responses(quirks)
    if name == "completions":
        return Completions(quirks)
    return ByModel(quirks) if quirks.openai_families else ChatCompletions(quirks)
