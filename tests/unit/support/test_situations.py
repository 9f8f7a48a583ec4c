"""Situations: each is seen by its facts, told in both languages with every value in place, the most pressing first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from laddverk.access.rules import HELD, HELD_BACK, standing
from laddverk.diagnostics.model import Family, Severity
from laddverk.sessions.model import WhyFailed
from laddverk.sessions.payers import LIMIT_REACHED
from laddverk.support.situations import book, choosing, wording
from laddverk.support.situations.gathering import HELD as WORDS_HELD
from laddverk.support.situations.gathering import REFUSED as WORDS_REFUSED
from laddverk.support.situations.gathering import why_refused
from laddverk.support.situations.model import (
    AgentButton,
    Complaint,
    DriverButton,
    ElsewhereFacts,
    Facts,
    OutletFacts,
    PaymentFacts,
    Rail,
    SessionFacts,
    StartFacts,
    StartStage,
    Step,
    TokenFacts,
)
from laddverk.support.situations.predicates import PREDICATES

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def outlet(status: str = "available", **given: object) -> OutletFacts:
    """A healthy outlet that has been in `status` for five minutes."""
    usual = OutletFacts(
        code="GBG-014-1", station_name="GBG-014", status=status, status_since=NOW - 5 * MINUTE, is_connected=True
    )  # fmt: skip
    return replace(usual, **given)


def start(stage: StartStage = StartStage.ASKED, **given: object) -> StartFacts:
    """A wish of a minute ago."""
    usual = StartFacts(stage=stage, asked_at=NOW - MINUTE, expires_at=NOW + MINUTE)
    failed = {"failed_at": NOW - MINUTE / 2} if stage is StartStage.FAILED else {}
    return replace(usual, **(failed | given))


def running(**given: object) -> SessionFacts:
    """A charge that began ten minutes ago and has given 2 kWh."""
    return replace(SessionFacts(started_at=NOW - 10 * MINUTE, energy_wh=2000, power_w=11_000), **given)


def over(**given: object) -> SessionFacts:
    """A charge that ended a minute ago as its driver wanted."""
    return replace(running(ended_at=NOW - MINUTE, stop_reason="Remote", power_w=None, state="idle"), **given)


def card(**given: object) -> PaymentFacts:
    return replace(PaymentFacts(rail=Rail.CARD, state="authorised"), **given)


def swish(**given: object) -> PaymentFacts:
    return replace(PaymentFacts(rail=Rail.SWISH, state="failed"), **given)


REFUSED = start(StartStage.FAILED, why=WhyFailed.REFUSED)
SHOWN = TokenFacts(at=NOW - MINUTE, is_accepted=False)
STUCK = Complaint.CABLE
CASES = {
    "paid_no_plug": ("", Facts(now=NOW, outlet=outlet(), start=start())),
    "paid_no_plug said to be preparing": (
        "", Facts(now=NOW, outlet=outlet("preparing", status_since=NOW - MINUTE / 2), start=start())
    ),
    "paid_no_plug too_late": (
        "too_late", Facts(now=NOW, outlet=outlet(), start=start(StartStage.FAILED, why=WhyFailed.TIMED_OUT))
    ),
    "wrong_outlet": (
        "",
        Facts(now=NOW, outlet=outlet(), start=start(), elsewhere=ElsewhereFacts(code="X-2", plugged_at=NOW - MINUTE)),
    ),
    "plugged_not_authorised": ("", Facts(now=NOW, outlet=outlet("preparing"))),
    "tag_refused blocked": ("blocked", Facts(now=NOW, outlet=outlet(), token=replace(SHOWN, reason="blocked"))),
    "tag_refused expired": ("expired", Facts(now=NOW, outlet=outlet(), token=replace(SHOWN, reason="expired"))),
    "tag_refused unknown": ("unknown", Facts(now=NOW, outlet=outlet(), token=replace(SHOWN, reason="unknown"))),
    "tag_refused owes": ("owes", Facts(now=NOW, outlet=outlet(), token=replace(SHOWN, reason="owes"))),
    "tag_refused no_way": ("no_way", Facts(now=NOW, outlet=outlet(), token=replace(SHOWN, reason="no_way"))),
    "tag_refused limit": ("limit", Facts(now=NOW, outlet=outlet(), token=replace(SHOWN, reason="limit"))),
    "tag_refused": ("", Facts(now=NOW, outlet=outlet(), token=SHOWN)),
    "roaming_refused": ("", Facts(now=NOW, outlet=outlet(), token=replace(SHOWN, is_foreign=True))),
    "card_declined": ("", Facts(now=NOW, outlet=outlet(), payment=card(failure="declined"))),
    "card_declined expired": ("expired", Facts(now=NOW, outlet=outlet(), payment=card(failure="expired"))),
    "swish_not_completed": ("", Facts(now=NOW, outlet=outlet(), payment=swish(failure="cancelled"))),
    "swish_not_completed declined": ("declined", Facts(now=NOW, outlet=outlet(), payment=swish(failure="declined"))),
    "start_refused": ("", Facts(now=NOW, outlet=outlet(), start=REFUSED)),
    "start_refused paid": ("paid", Facts(now=NOW, outlet=outlet(), start=REFUSED, payment=card(reserved_minor=30_000))),
    "no_reply": (
        "",
        Facts(now=NOW, outlet=outlet(is_connected=False), start=start(StartStage.FAILED, why=WhyFailed.UNREACHABLE)),
    ),
    "no_reply paid": ("paid", Facts(
        now=NOW, outlet=outlet(is_connected=False), start=start(), payment=card(reserved_minor=30_000)
    )),
    "start_given_up busy": ("busy", Facts(now=NOW, start=start(StartStage.FAILED, why=WhyFailed.BUSY))),
    "start_given_up": (
        "", Facts(now=NOW, outlet=outlet("preparing"), start=start(StartStage.FAILED, why=WhyFailed.TIMED_OUT))
    ),
    "waiting_for_payment": ("", Facts(now=NOW, outlet=outlet(), start=start(StartStage.PAYING))),
    "asked_to_start": ("", Facts(now=NOW, outlet=outlet(), start=start(asked_at=NOW - MINUTE / 6))),
    "asked_to_start said to be preparing": (
        "",
        Facts(
            now=NOW, outlet=outlet("preparing", status_since=NOW - MINUTE / 10), start=start(asked_at=NOW - MINUTE / 6)
        ),
    ),
    "asked_to_start plugged": ("plugged", Facts(now=NOW, outlet=outlet("preparing"), start=start())),
    "no_energy": ("", Facts(
        now=NOW, outlet=outlet("suspended_ev"), session=running(energy_wh=0, power_w=0, state="suspended_ev")
    )),
    "held_back until": ("until", Facts(
        now=NOW, session=running(energy_wh=0, power_w=0, limit_a=0.0, limit_until=NOW + 30 * MINUTE)
    )),
    "held_back charger": ("charger", Facts(now=NOW, session=running(state="suspended_evse", power_w=0))),
    "car_paused": ("", Facts(now=NOW, session=running(state="suspended_ev", state_since=NOW - 5 * MINUTE, power_w=0))),
    "car_paused fee": ("fee", Facts(
        now=NOW, session=running(state="suspended_ev", state_since=NOW - 5 * MINUTE, power_w=0, has_idle_fee=True)
    )),
    "slow shared": ("shared", Facts(now=NOW, session=running(power_w=4000, usual_power_w=11_000, limit_a=6.0))),
    "slow nearly_full": ("nearly_full", Facts(
        now=NOW, outlet=outlet("charging", is_direct_current=True),
        session=running(power_w=20_000, usual_power_w=90_000, soc_percent=86),
    )),
    "slow cold": ("cold", Facts(
        now=NOW, outlet=outlet("charging", is_direct_current=True),
        session=running(power_w=20_000, usual_power_w=90_000, soc_percent=30),
    )),
    "slow one_phase": ("one_phase", Facts(
        now=NOW, outlet=outlet("charging"), session=running(power_w=3700, usual_power_w=11_000, phases_used=1)
    )),
    "slow": ("", Facts(now=NOW, session=running(power_w=3700, usual_power_w=11_000, phases_used=3))),
    "stopped_early": ("", Facts(now=NOW, outlet=outlet(), session=over(stop_reason="Other"))),
    "stopped_by_fault": ("", Facts(now=NOW, outlet=outlet("faulted"), session=over(stop_reason="Other"))),
    "stopped_early emergency": ("emergency", Facts(now=NOW, session=over(stop_reason="EmergencyStop"))),
    "stopped_early power": ("power", Facts(now=NOW, session=over(stop_reason="PowerLoss"))),
    "stopped_early restart": ("restart", Facts(now=NOW, session=over(stop_reason="Reboot"))),
    "stopped_early disconnected": (
        "disconnected", Facts(now=NOW, session=over(stop_reason="EVDisconnected", charging_ended_at=NOW - MINUTE))
    ),
    "stopped_early paid_for": ("paid_for", Facts(now=NOW, session=over(stopped_by_us="spent"))),
    "ended_without_energy": ("", Facts(now=NOW, session=over(energy_wh=0))),
    "ended_without_energy paid": (
        "paid", Facts(now=NOW, session=over(energy_wh=0), payment=card(reserved_minor=30_000))
    ),
    "emergency_stop": ("", Facts(
        now=NOW, outlet=outlet("faulted", is_stopped_by_hand=True, severity=Severity.SAFETY, codes=("EmergencyStop",))
    )),
    "emergency_stop_let_go": ("", Facts(now=NOW, outlet=outlet(is_let_go=True, codes=("EmergencyStop",)))),
    "safety earth": ("earth", Facts(
        now=NOW, outlet=outlet("faulted", families=(Family.GROUND_FAULT,), severity=Severity.SAFETY, codes=("X",))
    )),
    "safety heat": ("heat", Facts(
        now=NOW, outlet=outlet("faulted", families=(Family.CONTACT_HEAT,), severity=Severity.SAFETY)
    )),
    "cable_while_charging": ("", Facts(now=NOW, outlet=outlet("charging"), session=running(), complaint=STUCK)),
    "cable_stuck_at_charger": ("", Facts(now=NOW, outlet=outlet("finishing"), session=over(), complaint=STUCK)),
    "cable_stuck_in_car": (
        "", Facts(now=NOW, outlet=outlet("finishing", is_tethered=True), session=over(), complaint=STUCK)
    ),
    "offline": ("", Facts(now=NOW, outlet=outlet(is_connected=False, connected_changed_at=NOW - 5 * MINUTE))),
    "offline charging": ("charging", Facts(
        now=NOW, outlet=outlet("charging", is_connected=False), session=running(power_w=None, state="charging")
    )),
    "out_of_order": ("", Facts(now=NOW, outlet=outlet("faulted"))),
    "out_of_order known": ("known", Facts(now=NOW, outlet=outlet("faulted", incident_number=12))),
    "out_of_order closed": ("closed", Facts(now=NOW, outlet=outlet("unavailable"))),
    "taken": ("", Facts(now=NOW, outlet=outlet("charging"), session=running(is_drivers=False))),
    "taken done": ("done", Facts(
        now=NOW, outlet=outlet("suspended_ev"),
        session=running(is_drivers=False, state="suspended_ev", state_since=NOW - 11 * MINUTE),
    )),
    "taken done and over": ("done", Facts(now=NOW, outlet=outlet("finishing"), session=over(is_drivers=False))),
    "reserved": ("", Facts(now=NOW, outlet=outlet("reserved", is_reserved=True))),
    "known_problem": ("", Facts(now=NOW, outlet=outlet(incident_number=7))),
    "reserve_not_released": ("", Facts(
        now=NOW, session=over(), complaint=Complaint.MONEY, payment=card(reserved_minor=30_000, captured_minor=9_800)
    )),
    "reserve_not_released late": ("late", Facts(
        now=NOW, session=over(ended_at=NOW - timedelta(days=9)), complaint=Complaint.MONEY,
        payment=card(reserved_minor=30_000, captured_minor=9_800, reserved_at=NOW - timedelta(days=9)),
    )),
    "reserve_not_released double": ("double", Facts(
        now=NOW, session=over(), complaint=Complaint.MONEY, payment=card(is_double=True, captured_minor=9_800)
    )),
    "money_on_its_way_back": ("", Facts(
        now=NOW, session=over(), complaint=Complaint.MONEY,
        payment=swish(captured_minor=30_000, refunded_minor=20_200, state="captured"),
    )),
    "receipt_wanted": ("", Facts(now=NOW, session=over(), complaint=Complaint.RECEIPT)),
    "receipt_wanted not_yet": ("not_yet", Facts(now=NOW, complaint=Complaint.RECEIPT)),
    "charging_well": ("", Facts(now=NOW, outlet=outlet("charging"), session=running())),
    "just_begun": (
        "",
        Facts(now=NOW, session=running(started_at=NOW - MINUTE / 2, energy_wh=0, power_w=None, state="ev_connected")),
    ),
    "outlet_well": ("", Facts(now=NOW, outlet=outlet())),
    "nothing_seen": ("", Facts(now=NOW)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_situation_is_told_when_its_facts_are_there(name: str) -> None:
    """The most pressing situation of these facts is the one that is named."""
    variant, facts = CASES[name]

    told = choosing.told(facts)

    assert (told.situation.predicate, told.match.variant) == (name.split()[0], variant)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_text_is_told_with_its_values_in_place(language: str) -> None:
    """Nothing that a driver reads or hears has an empty place in it."""
    for name, (_variant, facts) in CASES.items():
        texts = wording.spoken(choosing.told(facts), language)

        for text in (texts.title, texts.says, texts.sms, texts.voice, texts.agent):
            assert text, name
            assert "%(" not in text, (name, text)
            assert wording.UNKNOWN not in text, (name, text)


def test_every_predicate_has_a_situation_and_a_case_here() -> None:
    """What can be seen is told, and shown to be seen."""
    told = {each.predicate for each in book.catalogue()}

    assert told == set(PREDICATES)
    assert told == {name.split()[0] for name in CASES}
    assert len(told) >= 22


def test_what_is_dangerous_goes_first_and_is_never_tried_again_from_afar() -> None:
    """An earth fault is told even to somebody whose cable is stuck and who has paid, and nothing restarts it."""
    _variant, broken = CASES["safety earth"]
    everything = replace(broken, complaint=STUCK, session=over(), payment=card(failure="declined"), start=REFUSED)

    told = choosing.told(everything)

    assert told.situation.key == "safety"
    for each in book.catalogue():
        if each.is_danger:
            assert AgentButton.RESET not in each.agent
            assert AgentButton.UNLOCK not in each.agent
            assert each.step in (Step.NOTHING, Step.OUT_OF_SERVICE)
    assert DriverButton.TRY_AGAIN not in told.situation.driver


def test_every_situation_leads_on_to_a_person() -> None:
    """Nobody ends where there is nothing to press."""
    for each in book.catalogue():
        assert DriverButton.WRITE in each.driver, each.key


def test_a_voice_text_has_nothing_that_cannot_be_read_aloud() -> None:
    """No signs, figures' units or abbreviations: a machine reads it to somebody with a cable in the hand."""
    for each in book.catalogue():
        for spoken in each.texts.values():
            for variant, texts in spoken.items():
                assert not set(texts.voice) & set("%/()<>&;:"), (each.key, variant, texts.voice)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (('predicate = "slow"', 'predicate = "hovers"'), "no predicate hovers"),
        (("[sv.cold]", "[sv.warm]"), "variant"),
        (('title = "Långsammare än vanligt"', ""), "title"),
        (("%(power_w)s, långsammare", "%(energy_wh)s, långsammare"), "other values"),
        (('driver = ["other_outlet"', 'driver = ["dance"'), "dance"),
        (("[en]", "[de]"), "missing"),
        (('sms = "Det laddar med', 'sms = "' + "Det laddar " * 12 + "med"), "longer"),
        (("It charges at %(power_w)s, slower than usual here. The", "It charges at %(power_w)s … the"), "longer"),
        (("rank = 340", "rank ="), "slow"),
    ],
)
def test_a_file_with_a_fault_is_refused_by_its_name_and_place(change: tuple[str, str], complaint: str) -> None:
    """Whoever writes a situation is told what to mend."""
    text = (book.HERE / "slow.toml").read_text(encoding="utf-8")
    assert change[0] in text

    with pytest.raises(book.Faulty, match=complaint):
        book.situation_in("slow", text.replace(change[0], change[1], 1))


def test_a_tag_refused_before_a_charge_that_runs_is_no_trouble_any_more() -> None:
    """Somebody who was refused, and then charged, is told of the charge."""
    facts = Facts(
        now=NOW,
        outlet=outlet("charging"),
        token=replace(SHOWN, at=NOW - 9 * MINUTE),
        session=running(started_at=NOW - 8 * MINUTE),
    )

    assert choosing.told(facts).situation.key == "charging-well"


def test_why_a_tag_was_refused_is_told_in_words_of_its_own_and_of_a_blocked_account_nothing() -> None:
    """Every reason that `access` and the accounts give, as the charger was answered."""
    held = {why: why_refused("Blocked", f"{HELD_BACK}{why}") for why in HELD if why != "limit"}
    assert held == {"to_pay": "owes", "overdue": "owes", "too_much": "owes", "no_way": "no_way"}
    assert why_refused("Blocked", LIMIT_REACHED) == "limit"
    word, reason = standing(
        is_known=True, has_driver=True, token_blocked_why=None, driver_blocked_why="fraud", valid_until=None, now=NOW
    )
    assert why_refused(word.capitalize(), reason) == ""
    word, reason = standing(
        is_known=True, has_driver=True, token_blocked_why="lost", driver_blocked_why=None, valid_until=None, now=NOW
    )
    assert why_refused(word.capitalize(), reason) == "blocked"
    (refused,) = [each for each in book.catalogue() if each.key == "tag-refused"]
    said = {*WORDS_REFUSED.values(), *WORDS_HELD.values(), "limit", ""}
    assert said == set(refused.texts["en"])


def test_a_start_that_the_charger_took_and_never_began_is_no_missing_cable() -> None:
    """The cable was in all along; where it came after the wish, or another has it now, none was seen in time."""
    failed = start(StartStage.FAILED, why=WhyFailed.TIMED_OUT)
    for status in ("preparing", "occupied", "finishing"):
        told = choosing.told(Facts(now=NOW, outlet=outlet(status), start=failed))
        assert (told.situation.key, told.match.variant) == ("start-given-up", ""), status
        came_later = outlet(status, status_since=NOW - MINUTE / 2)
        told = choosing.told(Facts(now=NOW, outlet=came_later, start=failed))
        assert (told.situation.key, told.match.variant) == ("paid-no-plug", "too_late"), status
    told = choosing.told(Facts(now=NOW, outlet=outlet("charging", status_since=NOW - MINUTE / 4), start=failed))
    assert (told.situation.key, told.match.variant) == ("paid-no-plug", "too_late")


def test_a_loose_contact_of_a_few_seconds_is_not_told() -> None:
    """A charger that changes network is back sooner than one can read."""
    facts = Facts(now=NOW, outlet=outlet(is_connected=False, connected_changed_at=NOW - timedelta(seconds=20)))

    assert choosing.told(facts).situation.key != "offline"


def test_a_loose_contact_says_nothing_of_a_start_for_which_no_cable_came() -> None:
    """Who asks while the charger changes network is told of the cable; that it does not answer, once it is away."""
    late = start(StartStage.FAILED, why=WhyFailed.TIMED_OUT)
    for wish, told_then in ((late, ("paid-no-plug", "too_late")), (start(), ("paid-no-plug", ""))):
        for away_s, expected in ((5, told_then), (59, told_then), (61, ("no-reply", ""))):
            away = outlet(is_connected=False, connected_changed_at=NOW - timedelta(seconds=away_s))
            told = choosing.told(Facts(now=NOW, outlet=away, start=wish))
            assert (told.situation.key, told.match.variant) == expected


def test_a_cable_taken_out_of_a_car_that_was_done_is_an_end_like_any_other() -> None:
    """Most drivers end so: the car has what it wanted, or had taken nothing at all."""
    done = over(stop_reason="EVDisconnected", charging_ended_at=NOW - 20 * MINUTE)
    nothing = over(stop_reason="EVDisconnected", charging_ended_at=NOW - MINUTE, energy_wh=0)

    assert choosing.told(Facts(now=NOW, session=done)).situation.key == "nothing-seen"
    assert choosing.told(Facts(now=NOW, session=nothing)).situation.key == "ended-without-energy"


def test_a_car_that_pauses_for_a_moment_does_not_stand_in_the_way() -> None:
    """It charges still, as far as anybody can tell; one that took nothing may wait for its timer."""
    paused = running(is_drivers=False, state="suspended_ev", state_since=NOW - 2 * MINUTE)
    waits = running(is_drivers=False, state="suspended_ev", state_since=NOW - 30 * MINUTE, energy_wh=0)

    for session in (paused, waits):
        told = choosing.told(Facts(now=NOW, outlet=outlet("suspended_ev"), session=session))
        assert (told.situation.key, told.match.variant) == ("taken", "")


def test_a_cable_that_is_merely_still_in_is_not_stuck() -> None:
    """So looks every outlet whose driver is away: nobody has said that it does not come loose."""
    stands = Facts(now=NOW, outlet=outlet("finishing", status_since=NOW - 20 * MINUTE), session=over())

    assert choosing.told(stands).situation.key == "nothing-seen"


def test_who_asks_about_money_is_not_told_that_the_outlet_is_free() -> None:
    """Where nothing is seen of what they ask about, a person looks."""
    facts = Facts(now=NOW, outlet=outlet(), session=over(), complaint=Complaint.MONEY)

    assert choosing.told(facts).situation.key == "nothing-seen"
