"""What may be said and done for somebody, by how sure we are of who it is. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from laddverk.kernel.problems import NotAllowed
from laddverk.support.model import Verified


class Need(StrEnum):
    """What a deed or an answer gives away."""

    OUTLET = "outlet"
    """How an outlet is, where others are, how one charges: no secret at all."""
    OWN_CHARGE = "own_charge"
    """Help with the charge at hand: start, stop, unlock, more time, another outlet."""
    SAY_PERSONAL = "say_personal"
    """Say what stands on somebody's account: charges, invoices, tags, addresses."""
    MONEY = "money"
    """Give money back or forgo it, or send a receipt somewhere else than where the account says."""
    CHANGE_ACCOUNT = "change_account"
    """Change an address, a tag, a way to pay; export or erase."""


RANK: Final = {
    Verified.NOT: 0, Verified.NUMBER: 1, Verified.MAIL: 2, Verified.CHARGE: 2, Verified.CODE: 3, Verified.ACCOUNT: 3,
}  # fmt: skip
NEEDED: Final = {
    Need.OUTLET: Verified.NOT,
    Need.OWN_CHARGE: Verified.NUMBER,
    Need.SAY_PERSONAL: Verified.CODE,
    Need.MONEY: Verified.CODE,
    Need.CHANGE_ACCOUNT: Verified.CODE,
}
"""How sure we must be. A number is forged and a mail is forwarded: neither opens an account."""


def may(verified: Verified, need: Need) -> bool:
    """Return whether somebody known this well may have it."""
    return RANK[verified] >= RANK[NEEDED[need]]


def may_of_charge(verified: Verified, need: Need) -> bool:
    """Return whether somebody may have it of the very charge that a case is about: who holds its page may."""
    return verified is Verified.CHARGE or may(verified, need)


def require(verified: Verified, need: Need) -> None:
    """Raise `NotAllowed` for somebody who is not known well enough."""
    if not may(verified, need):
        raise NotAllowed(
            "We do not know well enough who this is.", remedy="Send a code to the number or address of the account."
        )


def surer(one: Verified, other: Verified) -> Verified:
    """Return the surer of two."""
    return one if RANK[one] >= RANK[other] else other
