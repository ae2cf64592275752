"""Where a Zuora tenant is and with what credentials it is called."""

from __future__ import annotations

from dataclasses import dataclass, field

from tallybridge.hosts import require, zuora_address


@dataclass(frozen=True)
class ZuoraConnection:
    """`base_url` as in api-zuora-billing.md section 1, without a path. `entity_ids` (UUIDs with hyphens) only for multi-entity
    tenants, `org_ids` only for multi-org ones. Raises `ConfigurationError` ADDRESS when the host is not one of Zuora's."""

    base_url: str
    client_id: str
    client_secret: str = field(repr=False)
    entity_ids: tuple[str, ...] = ()
    org_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require(zuora_address, self.base_url, place="zuora.base_url")
