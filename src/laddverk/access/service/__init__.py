"""What can be done with people, tokens and keys: the use cases of this room, each in the transaction it is given."""

from __future__ import annotations

from laddverk.access.rules import normalised_uid
from laddverk.access.service.drivers import (
    block_driver,
    create_driver,
    create_drivers,
    hold_starts,
    set_settlement,
    unblock_driver,
    update_driver,
)
from laddverk.access.service.keys import create_api_key, revoke_api_key
from laddverk.access.service.sign_ins import (
    actor_of_cookie,
    actor_of_key,
    admitted,
    make_sign_in_link,
    sign_in,
    sign_out,
    use_sign_in_link,
)
from laddverk.access.service.staff import (
    change_own_password,
    create_staff,
    disable_staff,
    enable_staff,
    set_password,
    update_staff,
)
from laddverk.access.service.token_lists import import_tokens
from laddverk.access.service.tokens import (
    block_token,
    create_token,
    create_tokens,
    refusal,
    standing,
    unblock_token,
    update_token,
    used,
)

__all__ = [
    "actor_of_cookie",
    "actor_of_key",
    "admitted",
    "block_driver",
    "block_token",
    "change_own_password",
    "create_api_key",
    "create_driver",
    "create_drivers",
    "create_staff",
    "create_token",
    "create_tokens",
    "disable_staff",
    "enable_staff",
    "hold_starts",
    "import_tokens",
    "make_sign_in_link",
    "normalised_uid",
    "refusal",
    "revoke_api_key",
    "set_password",
    "set_settlement",
    "sign_in",
    "sign_out",
    "standing",
    "unblock_driver",
    "unblock_token",
    "update_driver",
    "update_staff",
    "update_token",
    "use_sign_in_link",
    "used",
]
