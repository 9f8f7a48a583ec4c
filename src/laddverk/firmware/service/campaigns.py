"""Campaigns: made, watched over, stopped and taken up again; and the job that asks the next stations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct

from laddverk.firmware import rules
from laddverk.firmware.model import (
    Campaign,
    CampaignState,
    Image,
    NewCampaign,
    SignatureState,
    Step,
    UpdateState,
)
from laddverk.firmware.service.links import LINK_LIVES, Reach
from laddverk.firmware.service.roots import is_foreign
from laddverk.firmware.service.updating import ask, require_signature, usable_image
from laddverk.firmware.store import campaigns as store
from laddverk.firmware.store import images, links, logs, updates
from laddverk.firmware.store.campaigns import Candidate, StepRow
from laddverk.kernel.actors import Actor, Permission, rule
from laddverk.kernel.ids import CampaignId, FirmwareUpdateId, StationId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound, Problem
from laddverk.platform import audit
from laddverk.platform.database import Transaction

CAMPAIGNER: Final = rule("firmware campaign")
NAME_MAX: Final = 100
TOLD_AGAIN: Final = timedelta(seconds=12)  # what chargers said since the last two looks; pages gather it
ASKED_IN_ONE_GO: Final = 50  # bounds the transaction; the next look is seconds away


def targets_among(found: Sequence[Candidate], image: Image, from_version: str) -> list[Candidate]:
    """Return the stations that an image is for and that do not have it yet, in the order in which they take turns.

    Stations of different sites alternate, so that no stage hits one place alone.
    """
    fitting = [
        one
        for one in found
        if not one.retired
        and rules.fits(image.vendor, image.model, one.vendor, one.model)
        and not rules.same_version(image.version, one.firmware)
        and (not from_version or rules.same_version(from_version, one.firmware))
    ]
    turn: dict[object, int] = {}
    order: list[tuple[int, int, Candidate]] = []
    for one in fitting:
        turn[one.site_id] = turn.get(one.site_id, -1) + 1
        order.append((turn[one.site_id], len(order), one))
    return [one for _, _, one in sorted(order, key=lambda each: each[:2])]


class Preview(Struct, frozen=True):
    """Whom a campaign would ask, each with its stage, in their order; and how many another campaign has already."""

    asked: list[tuple[int, Candidate]]
    busy: int


async def preview(tx: Transaction, actor: Actor, wanted: NewCampaign, now: datetime) -> Preview:
    """Return whom a campaign would ask. Raises what `usable_image` raises."""
    image = await usable_image(tx, wanted.image_id, now)
    chosen = await targets(tx, actor, wanted, image)
    free = [one for one in chosen if not one.busy_elsewhere]
    asked = list(zip(rules.stages_of(len(free), wanted.plan.stages), free, strict=True))
    return Preview(asked, len(chosen) - len(free))


async def targets(tx: Transaction, actor: Actor, wanted: NewCampaign, image: Image) -> list[Candidate]:
    """Return the stations that a campaign would be for, in their order."""
    found = await store.candidates(tx, actor.site_ids, sites=wanted.site_ids or None)
    return targets_among(found, image, wanted.from_version.strip())


async def create_campaign(tx: Transaction, actor: Actor, wanted: NewCampaign, now: datetime) -> CampaignId:
    """Begin a campaign and return its id; the job asks the first stations within seconds.

    Needs stations:write and commands:send, and a reason. Stations that another campaign is to update are skipped and
    say so. Raises `Invalid` for a plan that makes no sense or an image that is for no station, and what
    `require_signature` raises.
    """
    actor.require(Permission.STATIONS_WRITE)
    actor.require(Permission.COMMANDS_SEND)
    plan = rules.checked(wanted.plan)
    name = wanted.name.strip()
    if not name or len(name) > NAME_MAX:
        raise Invalid("Give it a name of at most %(max)s characters.", field="name", max=NAME_MAX)
    if not wanted.reason.strip():
        raise Invalid("Say why.", field="reason")
    image = await usable_image(tx, wanted.image_id, now)
    chosen = await targets(tx, actor, wanted, image)
    if not chosen:
        raise Invalid("There is no charger that this firmware is for and that lacks it.", field="image_id")
    require_signature(actor, image, chosen, wanted.unsigned_reason)
    campaign = Campaign(
        id=CampaignId(new_id()),
        image_id=wanted.image_id,
        name=name,
        state=CampaignState.RUNNING,
        plan=plan,
        unsigned_reason=wanted.unsigned_reason.strip() or None,
    )
    await store.insert(tx, campaign, by=actor.name or actor.kind, reason=wanted.reason, now=now)
    await updates.insert(tx, _queued(campaign, chosen), now)
    detail = {"version": image.version, "stations": len(chosen), "plan": msgspec.to_builtins(plan)}
    if campaign.unsigned_reason:
        detail["unsigned_reason"] = campaign.unsigned_reason
    await audit.write(
        tx, actor, "campaign.created", "campaign", campaign.id, at=now, reason=wanted.reason, detail=detail
    )
    return campaign.id


def _queued(campaign: Campaign, chosen: Sequence[Candidate]) -> list[updates.NewUpdate]:
    """Return the updates of a campaign. Only stations that it really asks make up the stages."""
    free = [one for one in chosen if not one.busy_elsewhere]
    taken = [one for one in chosen if one.busy_elsewhere]
    stages = rules.stages_of(len(free), campaign.plan.stages)
    queued = [
        updates.NewUpdate(
            id=FirmwareUpdateId(new_id()),
            station_id=one.station_id,
            image_id=campaign.image_id,
            campaign_id=campaign.id,
            stage=stage,
            place=place,
            version_before=one.firmware,
        )
        for place, (one, stage) in enumerate(zip(free, stages, strict=True))
    ]
    return queued + [
        updates.NewUpdate(
            id=FirmwareUpdateId(new_id()),
            station_id=one.station_id,
            image_id=campaign.image_id,
            campaign_id=campaign.id,
            stage=len(campaign.plan.stages),
            place=len(free) + place,
            version_before=one.firmware,
            state=UpdateState.SKIPPED,
            reason="other_campaign",
        )
        for place, one in enumerate(taken)
    ]


async def pause_campaign(tx: Transaction, actor: Actor, campaign_id: CampaignId, now: datetime, *, reason: str) -> None:
    """Ask nobody more for now. What is in hand goes on."""
    await _turn(tx, actor, campaign_id, {CampaignState.RUNNING}, CampaignState.PAUSED, now, reason)


async def resume_campaign(
    tx: Transaction, actor: Actor, campaign_id: CampaignId, now: datetime, *, reason: str
) -> None:
    """Go on. Failures that stopped the campaign are forgiven: they do not count again, and stay to be seen."""
    before = await _turn(
        tx, actor, campaign_id, {CampaignState.PAUSED, CampaignState.ABORTED}, CampaignState.RUNNING, now, reason
    )
    if before.state is CampaignState.ABORTED:
        await store.forgive(tx, campaign_id)


async def cancel_campaign(
    tx: Transaction, actor: Actor, campaign_id: CampaignId, now: datetime, *, reason: str
) -> None:
    """End a campaign: what was not asked is skipped. What is in hand goes on, as OCPP knows no way to stop it."""
    going = {CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.ABORTED}
    await _turn(tx, actor, campaign_id, going, CampaignState.CANCELLED, now, reason)
    await store.skip_queued(tx, campaign_id, "cancelled", now)


async def retry_failed(tx: Transaction, actor: Actor, campaign_id: CampaignId, now: datetime, *, reason: str) -> int:
    """Queue again all stations that failed, and go on; return how many."""
    over = {CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.ABORTED, CampaignState.DONE}
    await _turn(tx, actor, campaign_id, over, CampaignState.RUNNING, now, reason, action="retried")
    again = await store.requeue_failed(tx, campaign_id, now)
    if not again:
        raise Conflict("No charger of this campaign has failed.")
    return again


async def _turn(
    tx: Transaction,
    actor: Actor,
    campaign_id: CampaignId,
    allowed: set[CampaignState],
    after: CampaignState,
    now: datetime,
    reason: str,
    *,
    action: str = "",
) -> Campaign:
    """Give a campaign another state, by a person who sees all its sites; return it as it was."""
    actor.require(Permission.STATIONS_WRITE)
    actor.require(Permission.COMMANDS_SEND)
    campaign = await store.lock(tx, campaign_id)
    if campaign is None:
        raise NotFound("There is no such campaign.")
    if actor.site_ids is not None and not await store.all_at(tx, campaign_id, actor.site_ids):
        raise NotAllowed("This campaign concerns sites that you do not see.")
    if not reason.strip():
        raise Invalid("Say why.", field="reason")
    if campaign.state not in allowed:
        raise Conflict("The campaign is not in a state in which this can be done.")
    await store.turn(tx, campaign_id, after, reason.strip()[:200], now)
    done = f"campaign.{action or after.value}"
    await audit.write(tx, actor, done, "campaign", campaign_id, at=now, reason=reason)
    return campaign


# The job.


async def advance(tx: Transaction, reach: Reach, now: datetime) -> list[str]:
    """Give up on chargers that fell silent, and let each running campaign ask its next stations.

    Returns the topics that changed. Several workers may do this at once: each campaign is locked by one.
    """
    topics = await _give_up_silent(tx, now)
    topics |= {f"campaign:{each}" for each in await updates.campaigns_moved(tx, now - TOLD_AGAIN)}
    topics |= {f"station:{each}" for each in await logs.give_up(tx, now - LINK_LIVES, now)}
    for campaign in await store.running(tx):
        if await _advance_one(tx, campaign, reach, now):
            topics |= {f"campaign:{campaign.id}", "commands"}
    return sorted(topics)


async def _give_up_silent(tx: Transaction, now: datetime) -> set[str]:
    quiet = await updates.quiet_since(tx, now - min(rules.PATIENCE.values()))
    overdue = [one for one in quiet if rules.is_overdue(one.state, one.changed_at, now)]
    await updates.move(tx, [(one.id, UpdateState.FAILED, _why_silent(one)) for one in overdue], now)
    await links.end_downloads(tx, [one.station_id for one in overdue], now)
    return {f"station:{one.station_id}" for one in overdue} | {
        f"campaign:{one.campaign_id}" for one in overdue if one.campaign_id
    }


def _why_silent(update: updates.Update) -> str:
    """Return why an update is given up: the charger booted with another version, or said nothing more."""
    other = update.version_booted and not rules.same_version(update.version, update.version_booted)
    return "other_version" if other else "silent"


async def _advance_one(tx: Transaction, campaign: Campaign, reach: Reach, now: datetime) -> bool:
    """Let one campaign go on; return whether anything changed."""
    image = await images.one(tx, campaign.image_id)
    if image is None or image.retired_at is not None or image.signature_state is SignatureState.INVALID:
        await store.turn(tx, campaign.id, CampaignState.ABORTED, "image_gone", now)
        return True
    if await is_foreign(tx, image, now):
        await store.turn(tx, campaign.id, CampaignState.ABORTED, "foreign_signature", now)
        return True
    rows = await store.steps(tx, campaign.id)
    skipped = {row.id: reason for row in rows if (reason := _why_skip(row, image, now))}
    await updates.move(tx, [(each, UpdateState.SKIPPED, reason) for each, reason in skipped.items()], now)
    steps = [_step(row, skipped) for row in rows]
    decision = rules.decide(campaign.plan, steps, now)
    if decision.abort or decision.done:
        state = CampaignState.ABORTED if decision.abort else CampaignState.DONE
        await store.turn(tx, campaign.id, state, decision.abort, now)
        return True
    asked = decision.ask[:ASKED_IN_ONE_GO]
    await _ask_all(tx, campaign, image, {row.station_id: row.id for row in rows}, asked, reach, now)
    return bool(asked or skipped)


def _why_skip(row: StepRow, image: Image, now: datetime) -> str:
    """Return why a queued station need not, or can never, be asked; empty when it is to be asked."""
    if row.state is not UpdateState.QUEUED:
        return ""
    if row.retired:
        return "retired"
    if rules.same_version(image.version, row.firmware):
        return "has_it"
    if now - row.queued_at > rules.WAIT_MAX:
        return "in_use" if row.connected else "no_contact"
    return ""


def _step(row: StepRow, skipped: dict[FirmwareUpdateId, str]) -> Step:
    return Step(
        station_id=row.station_id,
        stage=row.stage,
        state=UpdateState.SKIPPED if row.id in skipped else row.state,
        forgiven=row.forgiven,
        connected=row.connected,
        in_use=row.in_use,
        zone=row.zone,
    )


async def _ask_all(
    tx: Transaction,
    campaign: Campaign,
    image: Image,
    updates_of: dict[StationId, FirmwareUpdateId],
    asked: Sequence[StationId],
    reach: Reach,
    now: datetime,
) -> None:
    for station in await store.candidates(tx, None, stations=asked):
        update_id = updates_of[station.station_id]
        if (
            not campaign.unsigned_reason
            and not image.is_signed
            and rules.knows_signatures(station.protocol, station.signing_keys)
        ):
            await updates.move(tx, [(update_id, UpdateState.FAILED, "needs_signature")], now)
            continue
        try:
            async with tx.savepoint():
                await ask(tx, CAMPAIGNER, update_id, station, image, reach, now, reason=campaign.name)
        except Problem as problem:
            await updates.move(tx, [(update_id, UpdateState.FAILED, problem.code)], now)
