"""What people did to a driver, an account or a plan, as the desk reads it. The audit log itself shows the names."""

from __future__ import annotations

from typing import Final

from laddverk.platform.languages import marked

CHANGES: Final = {
    "account.changed": marked("Account changed"),
    "account.closed": marked("Account closed"),
    "account.invite_withdrawn": marked("Invitation withdrawn"),
    "account.invited": marked("Member invited"),
    "account.joined": marked("Member joined"),
    "account.left": marked("Member left"),
    "account.limit_set": marked("Monthly limit set"),
    "account.opened": marked("Account opened"),
    "account.sharing_set": marked("Chose whether places are shown to who pays"),
    "driver.blocked": marked("Driver blocked"),
    "driver.changed": marked("Facts changed"),
    "driver.created": marked("Driver added"),
    "driver.customer_request": marked("Chargers asked about stored data"),
    "driver.data_handed_out": marked("Data handed out"),
    "driver.invoiced_to": marked("Who is invoiced was changed"),
    "driver.may_owe_changed": marked("Whether they may owe was changed"),
    "driver.may_start": marked("May start all the same for a while"),
    "driver.may_start_ended": marked("The exception for starts ended"),
    "driver.starts_held": marked("New starts held back"),
    "driver.starts_let_in": marked("New starts let in again"),
    "driver.unblocked": marked("Driver let in again"),
    "driver.way_chosen": marked("Chose how to pay"),
    "plan.all_moved": marked("All subscribers moved to the newest terms"),
    "plan.created": marked("Plan made"),
    "plan.offered_again": marked("Offered again"),
    "plan.version_added": marked("New terms"),
    "plan.withdrawn": marked("No longer offered"),
    "subscription.begun": marked("Subscription begun"),
    "subscription.cancel": marked("Subscription cancelled"),
    "subscription.change": marked("Changed to another plan"),
    "subscription.keep": marked("Cancellation taken back"),
    "subscription.pause": marked("Subscription paused"),
    "subscription.resume": marked("Pause ended"),
    "wallet.auto_agreed": marked("Agreed that the balance fills itself up"),
    "wallet.auto_ended": marked("The balance fills itself up no more"),
    "wallet.goodwill": marked("Given money to charge for"),
    "wallet_refund.account_seen": marked("Bank account for the repayment looked at"),
    "wallet_refund.approved": marked("Repayment of the balance approved"),
    "wallet_refund.asked": marked("Asked for the balance back"),
    "wallet_refund.declined": marked("Repayment of the balance declined"),
    "wallet_refund.paid_by_bank": marked("Balance paid back from the bank"),
    "wallet_refund.withdrawn": marked("Asked no more for the balance back"),
}
"""By the action in the audit log."""
