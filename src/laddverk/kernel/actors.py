"""Who asks, and what they may do: roles and permissions of the people, keys and rules that act in the house."""

from __future__ import annotations

from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.problems import NotAllowed, NotFound


class Role(StrEnum):
    """What an operator's member of staff is."""

    ADMIN = "admin"
    OPERATOR = "operator"
    TECHNICIAN = "technician"
    SUPPORT = "support"
    FINANCE = "finance"
    SITE_HOST = "site_host"


class Permission(StrEnum):
    """What can be allowed. API keys carry these words as scopes."""

    STATIONS_READ = "stations:read"
    STATIONS_WRITE = "stations:write"
    COMMANDS_SEND = "commands:send"
    OCPP_CALL = "ocpp:call"
    """Any call of the protocol, whatever it does: for conformance tools and experts."""
    SESSIONS_READ = "sessions:read"
    DRIVERS_READ = "drivers:read"
    DRIVERS_WRITE = "drivers:write"
    TARIFFS_READ = "tariffs:read"
    TARIFFS_WRITE = "tariffs:write"
    PAYMENTS_READ = "payments:read"
    PAYMENTS_REFUND = "payments:refund"
    INVOICES_READ = "invoices:read"
    INVOICES_WRITE = "invoices:write"
    METERS_WRITE = "meters:write"
    """Push readings of meters: all that a data logger needs."""
    CASES_READ = "cases:read"
    CASES_WRITE = "cases:write"
    AUDIT_READ = "audit:read"
    STAFF_WRITE = "staff:write"


_P = Permission
_READ_FIELD: Final = frozenset({_P.STATIONS_READ, _P.SESSIONS_READ, _P.TARIFFS_READ})

PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.ADMIN: frozenset(Permission),
    Role.OPERATOR: frozenset(Permission) - {_P.STAFF_WRITE, _P.INVOICES_WRITE, _P.OCPP_CALL},
    Role.TECHNICIAN: _READ_FIELD | {_P.STATIONS_WRITE, _P.COMMANDS_SEND},
    Role.SUPPORT: _READ_FIELD
    | {
        _P.COMMANDS_SEND,
        _P.DRIVERS_READ,
        _P.DRIVERS_WRITE,
        _P.PAYMENTS_READ,
        _P.PAYMENTS_REFUND,
        _P.INVOICES_READ,
        _P.CASES_READ,
        _P.CASES_WRITE,
    },
    Role.FINANCE: _READ_FIELD
    | {
        _P.TARIFFS_WRITE,
        _P.DRIVERS_READ,
        _P.PAYMENTS_READ,
        _P.PAYMENTS_REFUND,
        _P.INVOICES_READ,
        _P.INVOICES_WRITE,
        _P.AUDIT_READ,
    },
    Role.SITE_HOST: _READ_FIELD,
}


class Actor(Struct, frozen=True):
    """Who asks: a member of staff, a driver, a partner's key, a charger, or a rule of the house."""

    kind: str
    """`operator`, `driver`, `api_key`, `station`, `rule` or `anonymous`."""
    id: UUID | None = None
    name: str = ""
    permissions: frozenset[Permission] = frozenset()
    site_ids: frozenset[UUID] | None = None
    """The only sites this actor may see; None means all."""

    def may(self, permission: Permission) -> bool:
        """Return whether this actor has `permission`. Rules of the house have all."""
        return self.kind == "rule" or permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raise `NotAllowed` unless this actor has `permission`."""
        if not self.may(permission):
            raise NotAllowed(
                "You may not do this: it needs the permission %(permission)s.",
                remedy="Ask an administrator for a role that includes it.",
                permission=permission.value,
            )

    def require_everywhere(self) -> None:
        """Raise `NotFound` when this actor sees some sites only: what belongs to the whole network is not theirs."""
        if self.site_ids is not None:
            raise NotFound("There is no such page.", remedy="Ask an administrator for the whole network.")

    def require_site(self, site_id: UUID) -> None:
        """Raise `NotFound` when this actor does not see the site: what one may not see does not exist."""
        if self.site_ids is not None and site_id not in self.site_ids:
            raise NotFound("There is no such site.", field="site_id")


def rule(name: str) -> Actor:
    """Return the actor of something that the house does by itself."""
    return Actor("rule", None, name)
