"""What screens read of plans, subscriptions and accounts. SQL and nothing else; nothing is changed here."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import CustomerAccountId, DriverId
from laddverk.platform.database import Transaction
from laddverk.subscriptions.model import Terms


class PlanRow(Struct, frozen=True, kw_only=True):
    """A plan with its newest terms and how many have any version of it."""

    id: UUID
    name: str
    withdrawn_at: datetime | None
    created_at: datetime
    version_id: UUID
    number: int
    body: Terms
    changed_at: datetime
    trial: int
    active: int
    paused: int
    month_minor: int
    """What its active subscriptions bring in in a whole month."""

    @property
    def subscribers(self) -> int:
        """How many have it today."""
        return self.trial + self.active + self.paused


PLANS = """
SELECT plan.id, plan.name, plan.withdrawn_at, plan.created_at, newest.id AS version_id, newest.number, newest.body,
       newest.created_at AS changed_at, coalesce(held.trial, 0) AS trial, coalesce(held.active, 0) AS active,
       coalesce(held.paused, 0) AS paused, coalesce(held.month_minor, 0)::bigint AS month_minor
FROM plan
JOIN LATERAL (SELECT * FROM plan_version WHERE plan_id = plan.id ORDER BY number DESC LIMIT 1) AS newest ON true
LEFT JOIN (
    SELECT version.plan_id, count(*) FILTER (WHERE kind = 'trial') AS trial,
           count(*) FILTER (WHERE kind = 'active') AS active, count(*) FILTER (WHERE kind = 'paused') AS paused,
           sum((version.body ->> 'fee_minor')::bigint) FILTER (WHERE kind = 'active') AS month_minor
    FROM subscription_piece AS piece JOIN plan_version AS version ON version.id = piece.version_id
    WHERE piece.from_day <= $1 AND coalesce(piece.until_day, 'infinity') > $1
    GROUP BY version.plan_id
) AS held ON held.plan_id = plan.id
WHERE ($2::uuid IS NULL OR plan.id = $2) AND ($3 = '' OR plan.name ILIKE '%' || $3 || '%')
  AND ($4 = '' OR ($4 = 'withdrawn') = (plan.withdrawn_at IS NOT NULL))
ORDER BY plan.withdrawn_at IS NOT NULL, (newest.body ->> 'fee_minor')::bigint, plan.name LIMIT 200
"""


async def plans(tx: Transaction, today: date, search: str = "", state: str = "") -> list[PlanRow]:
    """Return the plans, those that are offered first, the cheapest first."""
    return await tx.fetch(PlanRow, PLANS, today, None, _like(search), state)


async def plan(tx: Transaction, today: date, plan_id: UUID) -> PlanRow | None:
    """Return one plan."""
    return await tx.fetch_one(PlanRow, PLANS, today, plan_id, "", "")


class PlanVersionRow(Struct, frozen=True, kw_only=True):
    """One version of a plan, and how many have it today."""

    id: UUID
    number: int
    body: Terms
    created_at: datetime
    created_by: str
    held: int


PLAN_VERSIONS = """
SELECT version.*, (SELECT count(*) FROM subscription_piece AS piece WHERE piece.version_id = version.id
                   AND piece.from_day <= $2 AND coalesce(piece.until_day, 'infinity') > $2) AS held
FROM plan_version AS version WHERE version.plan_id = $1 ORDER BY number DESC LIMIT 100
"""


async def plan_versions(tx: Transaction, plan_id: UUID, today: date) -> list[PlanVersionRow]:
    """Return the versions of a plan, the newest first."""
    return await tx.fetch(PlanVersionRow, PLAN_VERSIONS, plan_id, today)


class MonthRow(Struct, frozen=True, kw_only=True):
    """How subscriptions went in a month."""

    month: date
    begun: int
    ended: int
    at_start: int
    month_minor: int
    """What the active ones of its last day (or of today) bring in in a whole month."""

    @property
    def churn(self) -> float | None:
        """Which share of those at the start ended in the month; None without any."""
        return self.ended / self.at_start if self.at_start else None


MONTHS = """
SELECT month.first AS month,
       (SELECT count(*) FROM subscription WHERE signed_on >= month.first AND signed_on < month.next) AS begun,
       (SELECT count(*) FROM subscription WHERE ends_on >= month.first AND ends_on < month.next
        AND ends_on <= $1) AS ended,
       (SELECT count(*) FROM subscription WHERE signed_on < month.first
        AND coalesce(ends_on, 'infinity') > month.first) AS at_start,
       coalesce((SELECT sum((version.body ->> 'fee_minor')::bigint)
                 FROM subscription_piece AS piece JOIN plan_version AS version ON version.id = piece.version_id
                 WHERE piece.kind = 'active' AND piece.from_day <= least(month.next - 1, $1)
                   AND coalesce(piece.until_day, 'infinity') > least(month.next - 1, $1)), 0)::bigint AS month_minor
FROM (SELECT first::date AS first, (first + interval '1 month')::date AS next
      FROM generate_series(date_trunc('month', $1::timestamp) - interval '5 months', $1::timestamp, '1 month') AS first
     ) AS month
ORDER BY month.first DESC
"""


async def months(tx: Transaction, today: date) -> list[MonthRow]:
    """Return how subscriptions went in this month and the five before, the latest first."""
    return await tx.fetch(MonthRow, MONTHS, today)


class SubscriberRow(Struct, frozen=True, kw_only=True):
    """A subscription with who has it, and what counts today."""

    id: UUID
    driver_id: UUID | None
    account_id: UUID | None
    name: str
    email: str
    plan_id: UUID
    plan_name: str
    version: int
    body: Terms
    kind: str | None
    """None before the first day and after the last."""
    signed_on: date
    bound_until: date | None
    ends_on: date | None


_SUBSCRIBERS = """
FROM subscription
LEFT JOIN driver ON driver.id = subscription.driver_id
LEFT JOIN customer_account AS account ON account.id = subscription.account_id
LEFT JOIN driver AS owner ON owner.id = account.owner_id
LEFT JOIN subscription_piece AS piece ON piece.subscription_id = subscription.id AND piece.from_day <= $1
     AND coalesce(piece.until_day, 'infinity') > $1
JOIN LATERAL (SELECT version_id FROM subscription_piece WHERE subscription_id = subscription.id
              ORDER BY from_day DESC LIMIT 1) AS last ON true
JOIN plan_version AS version ON version.id = coalesce(piece.version_id, last.version_id)
JOIN plan ON plan.id = version.plan_id
WHERE ($2::uuid IS NULL OR plan.id = $2) AND ($3::uuid IS NULL OR subscription.driver_id = $3)
  AND ($4::uuid IS NULL OR subscription.account_id = $4)
  AND ($5 = '' OR coalesce(account.name, driver.name) ILIKE '%' || $5 || '%'
       OR coalesce(owner.email, driver.email) ILIKE '%' || $5 || '%')
  AND ($6 = '' OR CASE WHEN piece.kind IS NULL AND subscription.ends_on <= $1 THEN 'ended'
                       WHEN subscription.ends_on IS NOT NULL THEN 'cancelled'
                       ELSE coalesce(piece.kind, 'active') END = $6)
"""
SUBSCRIBERS = f"""
SELECT subscription.id, subscription.driver_id, subscription.account_id, coalesce(account.name, driver.name) AS name,
       coalesce(owner.email, driver.email) AS email, plan.id AS plan_id, plan.name AS plan_name,
       version.number AS version, version.body, piece.kind, subscription.signed_on, subscription.bound_until,
       subscription.ends_on
{_SUBSCRIBERS}
ORDER BY subscription.signed_on DESC, subscription.id DESC LIMIT $7 OFFSET $8
"""
COUNT_SUBSCRIBERS = f"SELECT count(*) {_SUBSCRIBERS}"


class SubscriberFilter(Struct, frozen=True, kw_only=True):
    """Which subscriptions are wanted."""

    plan_id: UUID | None = None
    driver_id: UUID | None = None
    account_id: UUID | None = None
    search: str = ""
    state: str = ""
    """trial, active, paused, cancelled or ended."""


def _chosen(chosen: SubscriberFilter) -> tuple[object, ...]:
    return (chosen.plan_id, chosen.driver_id, chosen.account_id, _like(chosen.search), chosen.state)


async def subscribers(
    tx: Transaction, today: date, chosen: SubscriberFilter, *, limit: int = 50, offset: int = 0
) -> list[SubscriberRow]:
    """Return a page of subscriptions, the latest first."""
    return await tx.fetch(SubscriberRow, SUBSCRIBERS, today, *_chosen(chosen), limit, offset)


async def count_subscribers(tx: Transaction, today: date, chosen: SubscriberFilter) -> int:
    """Return how many subscriptions a filter leaves."""
    return int(await tx.value(COUNT_SUBSCRIBERS, today, *_chosen(chosen)))


class MonthUse(Struct, frozen=True):
    """What of the included energy was used in a month."""

    month: date
    used_wh: int
    sessions: int


USE = """
SELECT month, sum(used_wh)::bigint AS used_wh, count(*) AS sessions FROM included_use
WHERE subscription_id = $1 AND NOT voided GROUP BY month ORDER BY month DESC LIMIT 12
"""


async def uses(tx: Transaction, subscription_id: UUID) -> list[MonthUse]:
    """Return what was used of the included energy by month, the latest first."""
    return await tx.fetch(MonthUse, USE, subscription_id)


# Accounts


class AccountRow(Struct, frozen=True, kw_only=True):
    """An account with what it came to this month."""

    id: CustomerAccountId
    kind: str
    name: str
    org_number: str
    owner_id: DriverId
    owner_name: str
    owner_email: str
    invoice_email: str
    address: str
    reference: str
    limit_minor: int | None
    created_at: datetime
    closed_at: datetime | None
    members: int
    spent_minor: int
    currency: str


_ACCOUNTS = """
FROM customer_account AS account JOIN driver AS owner ON owner.id = account.owner_id
WHERE ($2::uuid IS NULL OR account.id = $2)
  AND ($3 = '' OR account.name ILIKE '%' || $3 || '%' OR owner.name ILIKE '%' || $3 || '%'
       OR owner.email ILIKE '%' || $3 || '%' OR replace(account.org_number, '-', '') = replace($3, '-', ''))
  AND ($4 = '' OR CASE WHEN account.closed_at IS NOT NULL THEN 'closed' ELSE account.kind END = $4)
"""
ACCOUNTS = f"""
SELECT account.*, owner.name AS owner_name, owner.email AS owner_email,
       (SELECT count(*) FROM customer_member WHERE account_id = account.id AND left_at IS NULL) AS members,
       coalesce((SELECT sum(amount_minor) FROM customer_charge WHERE account_id = account.id AND month = $1
                 AND NOT voided), 0)::bigint AS spent_minor,
       coalesce((SELECT max(currency) FROM customer_charge WHERE account_id = account.id), $7) AS currency
{_ACCOUNTS}
ORDER BY account.closed_at IS NOT NULL, account.name, account.id LIMIT $5 OFFSET $6
"""  # noqa: S608 - made of constants
COUNT_ACCOUNTS = f"SELECT count(*) {_ACCOUNTS} AND $1::date IS NOT NULL"


async def accounts(
    tx: Transaction,
    month: date,
    search: str = "",
    state: str = "",
    *,
    currency: str,
    limit: int = 50,
    offset: int = 0,
) -> list[AccountRow]:
    """Return a page of accounts by name, with what they came to in `month`; `state` is family, company or closed."""
    return await tx.fetch(AccountRow, ACCOUNTS, month, None, _like(search), state, limit, offset, currency)


async def count_accounts(tx: Transaction, month: date, search: str = "", state: str = "") -> int:
    """Return how many accounts a filter leaves."""
    return int(await tx.value(COUNT_ACCOUNTS, month, None, _like(search), state))


async def account(tx: Transaction, month: date, account_id: UUID, *, currency: str) -> AccountRow | None:
    """Return one account."""
    return await tx.fetch_one(AccountRow, ACCOUNTS, month, account_id, "", "", 1, 0, currency)


class MemberRow(Struct, frozen=True, kw_only=True):
    """A member with what they charged in a month."""

    id: UUID
    driver_id: DriverId
    name: str
    email: str
    limit_minor: int | None
    shares_places: bool
    joined_at: datetime
    left_at: datetime | None
    sessions: int
    energy_wh: int
    amount_minor: int


MEMBERS = """
SELECT member.*, driver.name, driver.email, coalesce(charged.sessions, 0) AS sessions,
       coalesce(charged.energy_wh, 0)::bigint AS energy_wh, coalesce(charged.amount_minor, 0)::bigint AS amount_minor
FROM customer_member AS member JOIN driver ON driver.id = member.driver_id
LEFT JOIN (SELECT member_id, count(*) AS sessions, sum(energy_wh) AS energy_wh, sum(amount_minor) AS amount_minor
           FROM customer_charge WHERE account_id = $1 AND month = $2 AND NOT voided GROUP BY member_id) AS charged
     ON charged.member_id = member.id
WHERE member.account_id = $1 AND (member.left_at IS NULL OR charged.sessions > 0)
  AND ($3 = '' OR driver.name ILIKE '%' || $3 || '%' OR driver.email ILIKE '%' || $3 || '%')
ORDER BY member.left_at IS NOT NULL, driver.name, member.id LIMIT $4 OFFSET $5
"""


async def members(
    tx: Transaction, account_id: UUID, month: date, search: str = "", *, limit: int = 50, offset: int = 0
) -> list[MemberRow]:
    """Return a page of an account's members, and of those who left after charging in `month`."""
    return await tx.fetch(MemberRow, MEMBERS, account_id, month, _like(search), limit, offset)


class ChargeRow(Struct, frozen=True, kw_only=True):
    """A member's charge as the owner may see it: place and time only when the member lets them."""

    driver_name: str
    place: str
    started_at: datetime | None
    seconds: int
    month: date
    energy_wh: int
    amount_minor: int
    currency: str


CHARGES = """
SELECT driver.name AS driver_name, charge.month, charge.energy_wh, charge.amount_minor, charge.currency,
       CASE WHEN member.shares_places OR charge.driver_id = charge.payer_id THEN site.name ELSE '' END AS place,
       CASE WHEN member.shares_places OR charge.driver_id = charge.payer_id THEN charge.started_at END AS started_at,
       extract(epoch FROM charge.ended_at - charge.started_at)::bigint AS seconds
FROM customer_charge AS charge
JOIN customer_member AS member ON member.id = charge.member_id
JOIN driver ON driver.id = charge.driver_id
JOIN station ON station.id = charge.station_id
JOIN site ON site.id = station.site_id
WHERE charge.account_id = $1 AND charge.month = $2 AND NOT charge.voided
ORDER BY charge.ended_at DESC, charge.session_id LIMIT $3 OFFSET $4
"""


async def charges(
    tx: Transaction, account_id: UUID, month: date, *, limit: int = 30, offset: int = 0
) -> list[ChargeRow]:
    """Return an account's charges of a month, the latest first."""
    return await tx.fetch(ChargeRow, CHARGES, account_id, month, limit, offset)


CHARGE_MONTHS = "SELECT DISTINCT month FROM customer_charge WHERE account_id = $1 ORDER BY month DESC LIMIT 24"


async def charge_months(tx: Transaction, account_id: UUID) -> list[date]:
    """Return the months in which members charged, the latest first."""
    return await tx.values(CHARGE_MONTHS, account_id)


class Membership(Struct, frozen=True, kw_only=True):
    """Which account pays for a driver, as the driver's pages say it."""

    id: UUID
    account_id: CustomerAccountId
    account_name: str
    kind: str
    owner_id: DriverId
    owner_name: str
    limit_minor: int | None
    shares_places: bool
    spent_minor: int


MEMBERSHIP = """
SELECT member.id, account.id AS account_id, account.name AS account_name, account.kind, account.owner_id,
       owner.name AS owner_name, member.limit_minor, member.shares_places,
       coalesce((SELECT sum(amount_minor) FROM customer_charge WHERE member_id = member.id AND month = $2
                 AND NOT voided), 0)::bigint AS spent_minor
FROM customer_member AS member
JOIN customer_account AS account ON account.id = member.account_id
JOIN driver AS owner ON owner.id = account.owner_id
WHERE member.driver_id = $1 AND member.left_at IS NULL
"""


async def membership(tx: Transaction, driver_id: UUID, month: date) -> Membership | None:
    """Return which account pays for a driver, and what they charged on it in `month`."""
    return await tx.fetch_one(Membership, MEMBERSHIP, driver_id, month)


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
