"""Looks up what a text may mean, each by an index; returns what was found, and by what. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from laddverk.kernel.actors import Actor, Permission
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support import searching
from laddverk.support.finding.reading import Card, Meant, meant

EACH_MAX: Final = 5  # of one kind by one handle; who needs more narrows the list of that kind
AROUND: Final = timedelta(hours=12)  # a bank says another day than we, near midnight

BY_PHONE: Final = N_("Phone %(value)s")
BY_EMAIL: Final = N_("E-mail %(value)s")
BY_PLATE: Final = N_("Plate %(value)s")
BY_NAME: Final = N_("Name %(value)s")
BY_TAG: Final = N_("Tag %(value)s")
BY_CODE: Final = N_("Outlet %(value)s")
BY_NUMBER: Final = N_("Number %(value)s")
BY_OCR: Final = N_("OCR %(value)s")
BY_SWISH: Final = N_("Swish %(value)s")
BY_REFERENCE: Final = N_("Reference %(value)s")
BY_CARD: Final = N_("Card %(value)s")

DRIVERS_SHOWN: Final = """
SELECT 'driver' AS kind, driver.id, driver.name AS title, driver.email AS note, driver.created_at AS at,
       driver.id AS driver_id, NULL::uuid AS session_id, NULL::uuid AS payment_id, NULL::uuid AS station_id,
       NULL::bigint AS amount_minor, NULL::text AS currency, ''::text AS last4
"""
DRIVER_BY_PHONE: Final = (
    DRIVERS_SHOWN
    + "FROM driver WHERE phone <> '' AND phone_key($1) <> '' AND phone_key(phone) = phone_key($1) LIMIT $2"
)
DRIVER_BY_EMAIL: Final = DRIVERS_SHOWN + "FROM driver WHERE email = $1 LIMIT $2"
DRIVER_BY_PLATE: Final = (
    DRIVERS_SHOWN + "FROM driver_plate JOIN driver ON driver.id = driver_plate.driver_id WHERE plate = $1 LIMIT $2"
)
# A first name that thousands have says little: some of them are shown, in order.
DRIVER_BY_NAME: Final = (
    DRIVERS_SHOWN  # noqa: S608 - constants above
    + "FROM (SELECT * FROM driver WHERE to_tsvector('simple', name) @@ to_tsquery('simple', $1) LIMIT 500) AS driver"
    " ORDER BY name LIMIT $2"
)
HOLDER_BY_UID: Final = """
SELECT 'token' AS kind, coalesce(driver.id, token.id) AS id, coalesce(driver.name, token.uid) AS title,
       token.label AS note, token.last_used_at AS at, token.driver_id, NULL::uuid AS session_id,
       NULL::uuid AS payment_id, NULL::uuid AS station_id, NULL::bigint AS amount_minor, NULL::text AS currency,
       ''::text AS last4
FROM token LEFT JOIN driver ON driver.id = token.driver_id WHERE token.uid = $1 LIMIT $2
"""
SESSIONS_SHOWN: Final = """
SELECT 'session' AS kind, session.id, session.number::text AS title, station.name AS note,
       session.started_at AS at, session.driver_id, session.id AS session_id, session.payment_id, session.station_id,
       session.price_minor AS amount_minor, session.currency, ''::text AS last4
FROM session JOIN station ON station.id = session.station_id
"""
SESSION_BY_TAG: Final = (
    SESSIONS_SHOWN + "WHERE session.token_uid = $1 AND ($3::uuid[] IS NULL OR station.site_id = ANY($3))"
    " ORDER BY session.started_at DESC LIMIT $2"
)
SESSION_BY_NUMBER: Final = (
    SESSIONS_SHOWN + "WHERE session.number = $1 AND ($3::uuid[] IS NULL OR station.site_id = ANY($3)) LIMIT $2"
)
STATION_BY_CODE: Final = """
SELECT 'station' AS kind, station.id, connector.code AS title, station.name AS note, connector.status_since AS at,
       NULL::uuid AS driver_id, NULL::uuid AS session_id, NULL::uuid AS payment_id, station.id AS station_id,
       NULL::bigint AS amount_minor, NULL::text AS currency, ''::text AS last4
FROM connector JOIN station ON station.id = connector.station_id
WHERE connector.code = $1 AND ($3::uuid[] IS NULL OR station.site_id = ANY($3)) LIMIT $2
"""
# Many a city's name stands in those of thousands: some of them are shown, in order.
PLACE_BY_NAME: Final = """
(SELECT 'station' AS kind, named.id, named.name AS title, site.name AS note, NULL::timestamptz AS at,
        NULL::uuid AS driver_id, NULL::uuid AS session_id, NULL::uuid AS payment_id, named.id AS station_id,
        NULL::bigint AS amount_minor, NULL::text AS currency, ''::text AS last4
 FROM (SELECT id, name, site_id FROM station
       WHERE to_tsvector('simple', name) @@ to_tsquery('simple', $1) AND ($3::uuid[] IS NULL OR site_id = ANY($3))
       LIMIT 500) AS named
 JOIN site ON site.id = named.site_id ORDER BY named.name LIMIT $2)
UNION ALL
(SELECT 'site', named.id, named.name, named.municipality, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ''
 FROM (SELECT id, name, municipality FROM site
       WHERE to_tsvector('simple', name) @@ to_tsquery('simple', $1) AND ($3::uuid[] IS NULL OR id = ANY($3))
       LIMIT 500) AS named
 ORDER BY named.name LIMIT $2)
"""
PAYMENTS_SHOWN: Final = """
SELECT 'payment' AS kind, payment.id, payment.provider AS title, coalesce(station.name, '') AS note,
       payment.created_at AS at, coalesce(payment.driver_id, session.driver_id) AS driver_id,
       session.id AS session_id, payment.id AS payment_id, session.station_id,
       coalesce(nullif(payment.captured_minor, 0), nullif(payment.authorised_minor, 0), payment.amount_minor)
           AS amount_minor, payment.currency,
       coalesce(nullif(card.last4, ''), nullif(method.last4, ''), '') AS last4
FROM payment
LEFT JOIN payment_card AS card ON card.payment_id = payment.id
LEFT JOIN payment_method AS method ON method.id = payment.method_id
LEFT JOIN session ON session.id = payment.session_id
LEFT JOIN station ON station.id = session.station_id
"""
PAYMENT_BY_SWISH: Final = (
    PAYMENTS_SHOWN  # noqa: S608 - constants above
    + "WHERE payment.id IN (SELECT payment_id FROM swish_attempt WHERE payment_reference = upper($1)"
    " OR payment_reference = $1) LIMIT $2"
)
PAYMENT_BY_REFERENCE: Final = PAYMENTS_SHOWN + "WHERE payment.provider_ref = $1 LIMIT $2"
PAYMENT_BY_CARD: Final = (
    PAYMENTS_SHOWN  # noqa: S608 - constants above
    + """
WHERE payment.id IN (
    SELECT payment_id FROM payment_card WHERE last4 = $1
    UNION ALL
    SELECT used.id FROM payment_method JOIN payment AS used ON used.method_id = payment_method.id
    WHERE payment_method.last4 = $1)
  AND ($3::bigint IS NULL OR $3 IN (payment.captured_minor, payment.authorised_minor, payment.due_minor,
                                    payment.captured_minor - payment.refunded_minor))
  AND ($4::timestamptz IS NULL OR payment.created_at BETWEEN $4 AND $5)
ORDER BY payment.created_at DESC LIMIT $2
"""
)
PAYMENT_BY_AMOUNT: Final = (
    PAYMENTS_SHOWN  # noqa: S608 - constants above
    + """
WHERE payment.id IN (
    SELECT id FROM payment WHERE captured_minor = $1 AND captured_minor > 0 AND created_at BETWEEN $3 AND $4
    UNION ALL
    SELECT id FROM payment WHERE authorised_minor = $1 AND captured_minor = 0 AND created_at BETWEEN $3 AND $4)
ORDER BY payment.created_at DESC LIMIT $2
"""
)
INVOICES_SHOWN: Final = """
SELECT 'invoice' AS kind, invoice.id, invoice.series || '-' || lpad(invoice.number::text, 5, '0') AS title,
       driver.name AS note, invoice.issued_at AS at, invoice.driver_id, NULL::uuid AS session_id,
       NULL::uuid AS payment_id, NULL::uuid AS station_id, invoice.gross_minor AS amount_minor, invoice.currency,
       ''::text AS last4
FROM invoice JOIN driver ON driver.id = invoice.driver_id
"""
INVOICE_BY_NUMBER: Final = INVOICES_SHOWN + "WHERE invoice.number = $1 ORDER BY invoice.issued_at DESC LIMIT $2"
INVOICE_BY_OCR: Final = INVOICES_SHOWN + "WHERE invoice.reference = $1 LIMIT $2"
CASES_SHOWN: Final = """
SELECT 'case' AS kind, support_case.id, support_case.subject AS title, support_case.number::text AS note,
       support_case.changed_at AS at, support_case.driver_id, support_case.session_id, support_case.payment_id,
       support_case.station_id, NULL::bigint AS amount_minor, NULL::text AS currency, ''::text AS last4
FROM support_case
"""
CASE_BY_NUMBER: Final = (
    CASES_SHOWN + "WHERE support_case.number = $1 AND ($3::uuid[] IS NULL OR support_case.site_id = ANY($3)) LIMIT $2"
)
CASE_BY_PHONE: Final = (
    CASES_SHOWN + "WHERE contact_phone <> '' AND contact_phone = phone_key($1)"
    " AND ($3::uuid[] IS NULL OR support_case.site_id = ANY($3)) ORDER BY created_at DESC LIMIT $2"
)
CASE_BY_EMAIL: Final = (
    CASES_SHOWN + "WHERE contact_email <> '' AND contact_email = $1"
    " AND ($3::uuid[] IS NULL OR support_case.site_id = ANY($3)) ORDER BY created_at DESC LIMIT $2"
)


class Hit(Struct, frozen=True, kw_only=True):
    """Something that a text may mean."""

    kind: str
    """driver, token, session, station, site, payment, invoice or case: where it leads."""
    id: UUID
    title: str
    note: str | None
    at: datetime | None
    driver_id: UUID | None
    session_id: UUID | None
    payment_id: UUID | None
    station_id: UUID | None
    amount_minor: int | None
    currency: str | None
    last4: str
    by: str = ""
    """By what it was found: marked, with the place `value`."""
    value: str = ""


async def find(tx: Transaction, actor: Actor, text: str, now: datetime, zone: str) -> list[Hit]:
    """Return what `text` may mean, of what `actor` may see; the most certain first, each thing once."""
    seen = meant(text, now.astimezone(ZoneInfo(zone)).date())
    hits: list[Hit] = []
    if actor.may(Permission.DRIVERS_READ) and actor.site_ids is None:
        hits += await _people(tx, seen)
    if actor.may(Permission.CASES_READ):
        hits += await _cases(tx, actor, seen)
    hits += await _things(tx, actor, seen)
    if actor.may(Permission.PAYMENTS_READ) and actor.site_ids is None:
        hits += await _payments(tx, seen, zone)
    if actor.may(Permission.INVOICES_READ) and actor.site_ids is None:
        hits += await _invoices(tx, seen)
    return list({(hit.kind, hit.id): hit for hit in reversed(hits)}.values())[::-1]


async def _people(tx: Transaction, seen: Meant) -> list[Hit]:
    hits: list[Hit] = []
    if seen.phone:
        hits += _by(BY_PHONE, seen.phone, await tx.fetch(Hit, DRIVER_BY_PHONE, seen.phone, EACH_MAX))
    if seen.email:
        hits += _by(BY_EMAIL, seen.email, await tx.fetch(Hit, DRIVER_BY_EMAIL, seen.email, EACH_MAX))
    if seen.plate:
        hits += _by(BY_PLATE, seen.plate, await tx.fetch(Hit, DRIVER_BY_PLATE, seen.plate, EACH_MAX))
    if seen.tag:
        hits += _by(BY_TAG, seen.tag, await tx.fetch(Hit, HOLDER_BY_UID, seen.tag, EACH_MAX))
    if seen.words and not seen.email:
        terms = " & ".join(f"'{word.replace(chr(39), '')}':*" for word in seen.words)
        hits += _by(BY_NAME, seen.text, await tx.fetch(Hit, DRIVER_BY_NAME, terms, EACH_MAX))
    return hits


async def _cases(tx: Transaction, actor: Actor, seen: Meant) -> list[Hit]:
    sites, hits = _sites(actor), list[Hit]()
    if seen.number is not None:
        value = str(seen.number)
        hits += _by(BY_NUMBER, value, await tx.fetch(Hit, CASE_BY_NUMBER, seen.number, EACH_MAX, sites))
    if seen.phone:
        hits += _by(BY_PHONE, seen.phone, await tx.fetch(Hit, CASE_BY_PHONE, seen.phone, EACH_MAX, sites))
    if seen.email:
        hits += _by(BY_EMAIL, seen.email, await tx.fetch(Hit, CASE_BY_EMAIL, seen.email, EACH_MAX, sites))
    return hits


async def _things(tx: Transaction, actor: Actor, seen: Meant) -> list[Hit]:
    sites, hits = _sites(actor), list[Hit]()
    if seen.code and actor.may(Permission.STATIONS_READ):
        hits += _by(BY_CODE, seen.code, await tx.fetch(Hit, STATION_BY_CODE, seen.code, EACH_MAX, sites))
    if seen.text and not seen.email and actor.may(Permission.STATIONS_READ):
        named = await tx.fetch(Hit, PLACE_BY_NAME, searching.prefixes(seen.text), EACH_MAX, sites)
        hits += _by(BY_NAME, seen.text, named)
    if not actor.may(Permission.SESSIONS_READ):
        return hits
    if seen.number is not None and seen.number < 2**31:
        value = str(seen.number)
        hits += _by(BY_NUMBER, value, await tx.fetch(Hit, SESSION_BY_NUMBER, seen.number, EACH_MAX, sites))
    if seen.tag and actor.may(Permission.DRIVERS_READ):
        hits += _by(BY_TAG, seen.tag, await tx.fetch(Hit, SESSION_BY_TAG, seen.tag, EACH_MAX, sites))
    return hits


async def _payments(tx: Transaction, seen: Meant, zone: str) -> list[Hit]:
    hits: list[Hit] = []
    if seen.reference:
        hits += _by(BY_SWISH, seen.reference, await tx.fetch(Hit, PAYMENT_BY_SWISH, seen.reference, EACH_MAX))
        found = await tx.fetch(Hit, PAYMENT_BY_REFERENCE, seen.reference, EACH_MAX)
        hits += _by(BY_REFERENCE, seen.reference, found)
    if seen.card is not None:
        hits += _by(BY_CARD, seen.card.last4, await _by_card(tx, seen.card, zone))
    return hits


async def _by_card(tx: Transaction, card: Card, zone: str) -> list[Hit]:
    since = until = None
    if card.on is not None:
        noon = datetime(card.on.year, card.on.month, card.on.day, 12, tzinfo=ZoneInfo(zone))
        since, until = noon - timedelta(hours=12) - AROUND, noon + timedelta(hours=12) + AROUND
    if card.last4:
        return await tx.fetch(Hit, PAYMENT_BY_CARD, card.last4, EACH_MAX, card.amount_minor, since, until)
    return await tx.fetch(Hit, PAYMENT_BY_AMOUNT, card.amount_minor, EACH_MAX, since, until)


async def _invoices(tx: Transaction, seen: Meant) -> list[Hit]:
    hits: list[Hit] = []
    if seen.digits:
        hits += _by(BY_OCR, seen.digits, await tx.fetch(Hit, INVOICE_BY_OCR, seen.digits, EACH_MAX))
    if seen.number is not None:
        hits += _by(BY_NUMBER, seen.text, await tx.fetch(Hit, INVOICE_BY_NUMBER, seen.number, EACH_MAX))
    return hits


def _by(by: str, value: str, hits: Sequence[Hit]) -> list[Hit]:
    return [replace(hit, by=by, value=value) for hit in hits]


def _sites(actor: Actor) -> list[UUID] | None:
    return None if actor.site_ids is None else list(actor.site_ids)
