"""Staff, drivers, tokens and what proves who somebody is, as Structs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from laddverk.kernel.actors import Actor, Role
from laddverk.kernel.events import Event
from laddverk.kernel.ids import ApiKeyId, DriverId, SiteId, TokenId


class DriverDetails(Struct, frozen=True, kw_only=True):
    """What is known of a driver. `settlement` is invoice or card, `language` sv or en."""

    email: str
    name: str
    phone: str = ""
    address: str = ""
    language: str = "sv"
    driver_group: str = ""
    settlement: str = "invoice"


NewDriver = DriverDetails
"""A driver who is entered is described by the same details."""


class NewToken(Struct, frozen=True, kw_only=True):
    """A token to be entered. Its uid is normalised; without a driver it is loose and cannot charge."""

    uid: str
    driver_id: DriverId | None = None
    label: str = ""
    kind: str = "rfid"
    """rfid, emaid (a contract of Plug & Charge), mac (Autocharge), central, keycode, app or adhoc."""
    valid_until: datetime | None = None
    group_code: str = ""
    """Members of a group may stop each other's sessions; up to 20 capitals and digits."""
    is_master: bool = False
    """Stops any session and starts none."""


class TokenDetails(Struct, frozen=True, kw_only=True):
    """What staff may change of a token."""

    driver_id: DriverId | None = None
    label: str = ""
    valid_until: datetime | None = None
    group_code: str = ""
    is_master: bool = False


class TokensChanged(Event, frozen=True, kw_only=True):
    """Tokens, or whether their drivers may charge, are different: what chargers keep of them is to be looked at."""

    withdrawn: tuple[str, ...] = ()
    """The uids of those that no longer let anybody in, for caches; at most `WITHDRAWN_MAX`."""


class Standing(StrEnum):
    """What a token that is shown comes to."""

    ACCEPTED = "accepted"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    INVALID = "invalid"


class TokenStanding(Struct, frozen=True, kw_only=True):
    """A token's standing, why, and whose it is. Unknown tokens have one too: invalid."""

    uid: str
    """As it was asked for."""
    authorisation: Standing
    reason: str
    token_id: TokenId | None = None
    driver_id: DriverId | None = None
    driver_group: str = ""
    language: str = "sv"
    settlement: str = "invoice"
    valid_until: datetime | None = None
    cache_until: datetime | None = None
    """Until when a charger may remember the standing; None: as long as it likes."""
    group_code: str = ""
    is_master: bool = False
    starts_held: str = ""
    """Why no new charge may begin though the token is good: something is to be paid first (`rules.HELD`)."""


class ImportFault(Struct, frozen=True):
    """What is wrong with one line of a list of tokens: a msgid and what belongs in its places."""

    line: int
    message: str
    params: dict[str, Any] = {}


class TokenImport(Struct, frozen=True):
    """What became of a list of tokens. With faults nothing was done."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: tuple[ImportFault, ...] = ()


class StaffDetails(Struct, frozen=True, kw_only=True):
    """What is known of a member of staff. `site_ids` are the only sites that a site host sees."""

    email: str
    name: str
    role: Role
    language: str = "sv"
    site_ids: tuple[SiteId, ...] = ()


class SignedIn(Struct, frozen=True):
    """A sign-in: the token for the cookie (shown now and never again), who it is, and until when at most."""

    token: str
    actor: Actor
    language: str
    expires_at: datetime


class Visitor(Struct, frozen=True, kw_only=True):
    """Who a cookie belongs to. `kind` is operator or driver; `role` is empty for drivers."""

    actor: Actor
    kind: str
    language: str
    role: str = ""
    email: str = ""
    expires_at: datetime


class SignInLink(Struct, frozen=True, kw_only=True):
    """A link to be mailed: its token works once and for a quarter of an hour."""

    token: str
    driver_id: DriverId
    email: str
    name: str
    language: str


class NewApiKey(Struct, frozen=True):
    """An API key and its secret, which is shown now and never again."""

    id: ApiKeyId
    secret: str
