"""Sending alerts: mails by the notices; text messages, webhooks and notifications as errands, tried until taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from msgspec import Struct

from laddverk.diagnostics.alerting import links, notifying, service, store, wording
from laddverk.diagnostics.alerting.model import Alert, Channel, Person, Webhook, What
from laddverk.diagnostics.alerting.service import DELIVER
from laddverk.diagnostics.incidents import queries
from laddverk.diagnostics.incidents.model import State
from laddverk.diagnostics.incidents.queries import IncidentRow
from laddverk.kernel.ids import shown
from laddverk.kernel.problems import Invalid
from laddverk.notices import service as notices
from laddverk.notices.model import Template
from laddverk.notices.push import store as push_store
from laddverk.notices.push import wording as push_wording
from laddverk.notices.push.model import Owner, OwnerKind, Words
from laddverk.notices.sms import provider_of
from laddverk.notices.sms.port import Refused, Unanswered
from laddverk.platform.database import Transaction
from laddverk.platform.errands import Call, Later
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, delay_after, enqueue
from laddverk.platform.languages import gettext_for
from laddverk.platform.outgoing import NoAnswer, NotAllowed, fetch

ATTEMPTS_MAX: Final = 8  # some ten minutes of doubling from 5 s: then the next on call has long been tried
WEBHOOK_TIMEOUT_S: Final = 10.0
WEBHOOK_ANSWER_MAX: Final = 4_096  # it says "ok"; more is not read

NOT_NEEDED: Final = "not needed any more"
NO_SMS: Final = "no SMS provider is set"

log = structlog.get_logger()


class Done(Struct, frozen=True):
    """Somebody took it."""

    reference: str = ""


class Delivery:
    """The errand of alerts."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def begin(self, tx: Transaction, payloads: Sequence[dict[str, Any]]) -> Sequence[Call | Later | None]:
        """Send mails at once; return the calls for text messages and webhooks."""
        ids = [UUID(payload["alert_id"]) for payload in payloads]
        waiting = await store.to_send(tx, ids)
        people = {person.id: person for person in await store.people(tx)}
        webhooks = {webhook.id: webhook for webhook in await store.webhooks(tx)}
        now = self._house.clock()
        steps: list[Call | Later | None] = []
        for alert_id in ids:
            alert = waiting.get(alert_id)
            steps.append(None if alert is None else await self._step(tx, alert, people, webhooks, now))
        return steps

    async def _step(
        self, tx: Transaction, alert: Alert, people: dict[UUID, Person], webhooks: dict[UUID, Webhook], now: datetime
    ) -> Call | None:
        if alert.channel is Channel.WEBHOOK:
            webhook = webhooks.get(alert.webhook_id) if alert.webhook_id else None
            return partial(self._post, webhook, alert) if webhook else None
        row = await queries.incident(tx, None, alert.incident_id) if alert.incident_id else None
        person = people.get(alert.person_id) if alert.person_id else None
        if person is None or (alert.what is not What.TEST and not _is_needed(row, alert)):
            await store.mark_failed(tx, alert.id, NOT_NEEDED)
            return None
        link = self._link(alert)
        if alert.channel is Channel.PUSH:
            devices = await push_store.of_owner(tx, Owner(OwnerKind.ON_CALL, person.id))
            return partial(notifying.sent, self._house, devices, self._notification(row, alert, person, link))
        if alert.channel is Channel.EMAIL:
            await self._mail(tx, alert, person, row, link, now)
            return None
        return partial(self._text, person.phone, self._words(row, alert, person, link))

    def _link(self, alert: Alert) -> str:
        web_url = self._house.settings.web_url
        if alert.incident_id is None:
            return f"{web_url}/console/on-call"
        return web_url + links.path_of(self._house.secrets, alert.id)

    def _words(self, row: IncidentRow | None, alert: Alert, person: Person, link: str) -> str:
        settings = self._house.settings
        if row is None:
            return f"{settings.operator_name}: {gettext_for(person.language)(wording.TESTED)}"
        message = wording.message_of(row, alert.what, person.language, settings.timezone)
        return wording.text_message(message, link, person.language)

    def _notification(self, row: IncidentRow | None, alert: Alert, person: Person, link: str) -> Words:
        settings = self._house.settings
        path = link.removeprefix(settings.web_url)
        if row is None:
            return push_wording.tested(person.language, settings.operator_name, path)
        message = wording.message_of(row, alert.what, person.language, settings.timezone)
        return wording.notification(message, path, shown("inc", row.id), person.language)

    async def _mail(
        self, tx: Transaction, alert: Alert, person: Person, row: IncidentRow | None, link: str, now: datetime
    ) -> None:
        settings = self._house.settings
        message = wording.message_of(row, alert.what, person.language, settings.timezone) if row else None
        params = {
            "link": link, "operator": settings.operator_name, "what": alert.what.value,
            "title": message.title if message else "", "began": message.since if message else "",
            "action": message.action if message else "", "danger": bool(message and message.is_danger),
            "console": f"{settings.web_url}/console/incidents/{shown('inc', row.id)}" if row else link,
        }  # fmt: skip
        try:
            await notices.send(
                tx, recipient=person.email, language=person.language, template=Template.INCIDENT_ALERT, params=params,
                now=now, unique_key=f"alert:{alert.id}",
            )  # fmt: skip
        except Invalid as problem:
            await store.mark_failed(tx, alert.id, problem.message)
        else:
            await store.mark_sent(tx, alert.id, now)

    async def _text(self, phone: str, words: str) -> Done:
        carrier = provider_of(self._house.settings)
        if carrier is None:
            raise Refused(NO_SMS)
        return Done(await carrier.send(phone, words))

    async def _post(self, webhook: Webhook, alert: Alert) -> Done:
        body = alert.body.encode()
        secret = links.webhook_secret(self._house.secrets, webhook.id)
        headers = {
            "content-type": "application/json",
            "laddverk-event-id": shown("alt", alert.id),
            links.SIGNATURE_HEADER: links.signature(secret, int(self._house.clock().timestamp()), body),
        }
        private = [each.strip() for each in self._house.settings.private_hosts.split(",") if each.strip()]
        parts = urlsplit(webhook.url)
        try:
            answer = await fetch(
                "POST", webhook.url, body=body, headers=headers, hosts=[parts.netloc], private_hosts=private,
                timeout_s=WEBHOOK_TIMEOUT_S, bytes_max=WEBHOOK_ANSWER_MAX,
            )  # fmt: skip
        except NotAllowed as problem:
            raise Refused(str(problem)) from None
        except NoAnswer as problem:
            raise Unanswered(str(problem)) from None
        if answer.status == 410:  # Gone: the receiver says that it wants no more
            raise Refused("it answered 410")
        if not 200 <= answer.status < 300:
            raise Unanswered(f"it answered {answer.status}")
        return Done(str(answer.status))

    async def record(self, tx: Transaction, came: Sequence[tuple[dict[str, Any], Any]]) -> None:
        """Write down what came of each; what may pass is tried again, slower each time."""
        now = self._house.clock()
        for payload, outcome in came:
            alert_id, attempts = UUID(payload["alert_id"]), int(payload["attempts"])
            if isinstance(outcome, Done):
                await store.mark_sent(tx, alert_id, now, outcome.reference)
                continue
            if isinstance(outcome, notifying.Notified):
                outcome = await self._notified(tx, alert_id, attempts, outcome, now)
                if outcome is None:
                    continue
            log.warning("alerting.not_sent", alert=str(alert_id), attempts=attempts + 1, error=repr(outcome))
            await store.mark_failed(tx, alert_id, str(outcome) or type(outcome).__name__)
            if not isinstance(outcome, Refused) and attempts + 1 < ATTEMPTS_MAX:
                again = {"alert_id": str(alert_id), "attempts": attempts + 1}
                rest = max(delay_after(attempts), timedelta(seconds=getattr(outcome, "after_s", 0.0)))
                await enqueue(tx, [NewJob(DELIVER, again, run_at=now + rest)])

    async def _notified(
        self, tx: Transaction, alert_id: UUID, attempts: int, came: notifying.Notified, now: datetime
    ) -> Exception | None:
        """Note what push services said; None when a device was reached, else why none was. Then other ways step in."""
        await notifying.record(tx, came, now)
        if came.taken:
            await store.mark_sent(tx, alert_id, now, f"{len(came.taken)}")
            return None
        alert = await store.alert(tx, alert_id) if attempts == 0 else None
        person = next((one for one in await store.people(tx) if alert and one.id == alert.person_id), None)
        if alert is not None and person is not None:
            await service.tell_otherwise(tx, alert, person, now)
        return came.problem


def _is_needed(row: IncidentRow | None, alert: Alert) -> bool:
    """Whether somebody still has to hear of it: what was answered meanwhile needs no first call."""
    if row is None or row.hidden_by:
        return False
    if alert.what is What.OPENED:
        return row.state is State.NEW
    return row.state in (State.NEW, State.ACKNOWLEDGED, State.IN_WORK)
