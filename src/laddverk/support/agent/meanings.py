"""What each button of an agent means: its words, who may press it, and how sure we must be of who asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from laddverk.kernel.actors import Permission
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support.agent.model import Meaning
from laddverk.support.identity import Need
from laddverk.support.situations.model import AgentButton

MEANINGS: Final[Mapping[AgentButton, Meaning]] = {
    AgentButton.START: Meaning(
        label=N_("Start for the driver"),
        effect=N_("Asks the charger to start on the driver's account; they pay as they usually do."),
        told=N_("%(who)s asked the charger to start for the driver"),
        permission=Permission.COMMANDS_SEND, need=Need.OWN_CHARGE,
    ),
    AgentButton.EXTEND: Meaning(
        label=N_("Give more time"),
        effect=N_("Keeps the start open for some minutes more, and asks the charger anew."),
        told=N_("%(who)s gave the driver more time to plug in"),
        permission=Permission.COMMANDS_SEND, need=Need.OWN_CHARGE,
    ),
    AgentButton.SWAP: Meaning(
        label=N_("Move the start"),
        effect=N_("Lets the start begin at the outlet where the cable is. The price must be the same there."),
        told=N_("%(who)s moved the start to outlet %(to)s"),
        permission=Permission.COMMANDS_SEND, need=Need.OWN_CHARGE, asks=("code",),
    ),
    AgentButton.STOP: Meaning(
        label=N_("Stop the charge"),
        effect=N_("Asks the charger to end the driver's own charge. The cable can then be taken out."),
        told=N_("%(who)s asked the charger to stop the charge"),
        permission=Permission.COMMANDS_SEND, need=Need.OWN_CHARGE,
    ),
    AgentButton.UNLOCK: Meaning(
        label=N_("Release the cable"),
        effect=N_("Asks the charger to let go of the cable. Not while somebody charges there."),
        told=N_("%(who)s asked the charger to let go of the cable"),
        permission=Permission.COMMANDS_SEND,
    ),
    AgentButton.RESET: Meaning(
        label=N_("Restart the charger"),
        effect=N_("Restarts the whole charger gently. Not while anybody charges at it, and never after a danger."),
        told=N_("%(who)s asked the charger to restart"),
        permission=Permission.COMMANDS_SEND, asks=("reason",),
    ),
    AgentButton.HARD_RESET: Meaning(
        label=N_("Restart the charger hard"),
        effect=N_(
            "Cuts the charger off and on at once, for one that a gentle restart does not help. Not while anybody"
            " charges or works at it, and never after a danger."
        ),
        told=N_("%(who)s asked the charger to restart at once"),
        permission=Permission.COMMANDS_SEND, asks=("reason",),
    ),
    AgentButton.CLEAR_CACHE: Meaning(
        label=N_("Let it forget cards"),
        effect=N_("The charger forgets which cards it remembers, and asks us anew about each. It takes a day at most."),
        told=N_("%(who)s asked the charger to forget the cards that it remembers"),
        permission=Permission.COMMANDS_SEND, asks=("reason",),
    ),
    AgentButton.PAYMENT_LINK: Meaning(
        label=N_("Send a payment link"),
        effect=N_("Sends the address where a charge is paid by card or Swish and started. Three times a day at most."),
        told=N_("%(who)s sent a payment link to %(to)s"),
        permission=Permission.CASES_WRITE, asks=("reason",),
    ),
    AgentButton.PAY_OWED: Meaning(
        label=N_("Ask for what is owed"),
        effect=N_(
            "Sends the address where the driver pays what is left of a charge or an invoice: the sum is that of"
            " the books. Three times a day at most."
        ),
        told=N_("%(who)s asked the driver to pay what is owed, at %(to)s"),
        permission=Permission.CASES_WRITE, need=Need.SAY_PERSONAL, asks=("reason",),
    ),
    AgentButton.REFUND: Meaning(
        label=N_("Give money back"),
        effect=N_("The money goes back the way it came. What is only reserved is released."),
        told=N_("%(who)s gave %(amount)s back"),
        permission=Permission.PAYMENTS_REFUND, need=Need.MONEY, asks=("amount", "reason"),
    ),
    AgentButton.GOODWILL: Meaning(
        label=N_("Give goodwill"),
        effect=N_("Puts an amount on the driver's balance, to charge for. It is never paid out."),
        told=N_("%(who)s gave %(amount)s to charge for"),
        permission=Permission.PAYMENTS_REFUND, need=Need.MONEY, asks=("amount", "reason"),
    ),
    AgentButton.NEAREST: Meaning(
        label=N_("Send the nearest free"),
        effect=N_("Sends the driver the nearest outlets that are free now, as a text message or by mail."),
        told=N_("%(who)s sent the nearest free chargers to %(to)s"),
        permission=Permission.CASES_WRITE,
    ),
    AgentButton.RECEIPT: Meaning(
        label=N_("Send the receipt"),
        effect=N_("Mails the receipt again."),
        told=N_("%(who)s sent the receipt to %(to)s"),
        permission=Permission.CASES_WRITE,
    ),
    AgentButton.OUT_OF_SERVICE: Meaning(
        label=N_("Take out of service"),
        effect=N_("Closes the outlet until somebody opens it again. Nobody can start there."),
        told=N_("%(who)s asked the charger to close the outlet"),
        permission=Permission.COMMANDS_SEND, asks=("reason",),
    ),
    AgentButton.IN_SERVICE: Meaning(
        label=N_("Open the outlet again"),
        effect=N_("Opens an outlet that was closed. Not while somebody works there, and never after a danger."),
        told=N_("%(who)s asked the charger to open the outlet again"),
        permission=Permission.COMMANDS_SEND, asks=("reason",),
    ),
    AgentButton.CLEAR_RESERVATION: Meaning(
        label=N_("Let the reservation go"),
        effect=N_("Lets go of what is kept for this driver, or of what only the charger still believes is kept."),
        told=N_("%(who)s asked the charger to let a reservation go"),
        permission=Permission.COMMANDS_SEND, need=Need.OWN_CHARGE, asks=("reason",),
    ),
    AgentButton.WORK_ORDER: Meaning(
        label=N_("Order a technician"),
        effect=N_("Makes a work order with what is known of the fault."),
        told=N_("%(who)s ordered a technician"),
        permission=Permission.COMMANDS_SEND, asks=("reason",),
    ),
    AgentButton.SHOW_LOAD: Meaning(
        label=N_("Show the load here"), effect="", told="", permission=Permission.STATIONS_READ, leads="load",
    ),
    AgentButton.SHOW_PAYMENT: Meaning(
        label=N_("Show the payment"), effect="", told="", permission=Permission.PAYMENTS_READ, leads="payment",
    ),
    AgentButton.CHECK_PAYMENT: Meaning(
        label=N_("Ask how the payment stands"),
        effect=N_("Asks the payment service anew. What it says moves the payment, and the start that waits for it."),
        told=N_("%(who)s asked the payment service how the payment stands"),
        permission=Permission.PAYMENTS_READ,
    ),
    AgentButton.COME_FIRST: Meaning(
        label=N_("Let this charge come first"),
        effect=N_(
            "The charge gets its current before others at the site, never above a fuse. Only where the site lets"
            " somebody come first."
        ),
        told=N_("%(who)s let this charge come first"),
        permission=Permission.COMMANDS_SEND, need=Need.OWN_CHARGE, asks=("reason",),
    ),
    AgentButton.ALLOW_TOKEN: Meaning(
        label=N_("Allow one charge"),
        effect=N_("Starts this one charge for the holder of the tag that was refused. The tag stays as it is."),
        told=N_("%(who)s allowed one charge for a tag that was refused"),
        permission=Permission.COMMANDS_SEND, need=Need.CHANGE_ACCOUNT, asks=("reason",),
    ),
    AgentButton.BLOCK_TOKEN: Meaning(
        label=N_("Block a tag"),
        effect=N_("The tag starts nothing any more, and chargers are told to forget it. What runs goes on."),
        told=N_("%(who)s blocked the tag %(to)s"),
        permission=Permission.DRIVERS_WRITE, need=Need.CHANGE_ACCOUNT, asks=("tag", "reason"),
    ),
    AgentButton.UNBLOCK_TOKEN: Meaning(
        label=N_("Let a tag work again"),
        effect=N_("The tag that was blocked starts charges again."),
        told=N_("%(who)s let the tag %(to)s work again"),
        permission=Permission.DRIVERS_WRITE, need=Need.CHANGE_ACCOUNT, asks=("tag", "reason"),
    ),
    AgentButton.TELL_OWNER: Meaning(
        label=N_("Ask the other driver to move"),
        effect=N_("Asks whoever's car is done there to move it. You do not see their number, nor they who asks."),
        told=N_("%(who)s asked the driver of the car that is done to move it"),
        permission=Permission.CASES_WRITE,
    ),
}  # fmt: skip
"""Every button of the catalogue; a test holds that none is missing."""
