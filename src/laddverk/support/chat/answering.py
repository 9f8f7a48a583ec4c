"""Doing what a step of a chat says: looking at the situation, finding an outlet, pressing a button; and saying it."""

from __future__ import annotations

from typing import Final

from laddverk.kernel.problems import Problem
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.support import contacts, identity
from laddverk.support.chat import deciding, handing, rules, saying, store
from laddverk.support.chat.deciding import Step, What
from laddverk.support.chat.model import Asks, ChatState, Line
from laddverk.support.chat.talking import Talk, contact_key, note_contact
from laddverk.support.identity import Need
from laddverk.support.knowledge import queries as knowledge
from laddverk.support.situations import choosing, doing, nearby, who
from laddverk.support.situations.gathering import facts_of
from laddverk.support.situations.model import DriverButton

SUGGESTED_MAX: Final = 3  # articles: more is a list to search in
OFFERED_MAX: Final = 6  # outlets to choose from: more is read by nobody on a phone


async def take(talk: Talk, step: Step) -> None:
    """Do what a step says, and say what there is to say."""
    if step.complaint:
        talk.change(complaint=step.complaint)
    question = await _question(talk, step.what)
    if question is not None:
        _ask(talk, *question)
        return
    match step.what:
        case What.TELL:
            await _tell(talk)
        case What.FIND_OUTLET:
            await _find_outlet(talk, step)
        case What.PRESS:
            await _press(talk, step)
        case What.SUGGEST:
            await _suggest(talk, step.words)
        case What.HELPED:
            talk.change(state=ChatState.CLOSED, is_helped=True, closed_at=talk.now)
            _ask(talk, Asks.NOTHING, saying.line(talk.chat.id, talk.now, saying.GOOD))
        case What.NOT_HELPED:
            talk.change(is_helped=False)
            await _look_again(talk)
        case What.HAND_OVER | What.DANGER:
            await _hand_over(talk, is_danger=step.what is What.DANGER)


async def _question(talk: Talk, what: What) -> tuple[Asks, Line] | None:
    """Return what a step asks; whoever wants a person while we are closed is told when we are back."""
    if what is What.ASK_REACH and (back := await handing.back_at(talk)) is not None:
        return Asks.REACH, saying.reach_later(talk.chat, back, talk.house.settings.timezone, talk.now)
    return saying.question(talk.chat.id, what, talk.now)


async def _hand_over(talk: Talk, *, is_danger: bool) -> None:
    if is_danger:
        talk.say(saying.line(talk.chat.id, talk.now, saying.DANGER))
    await handing.hand_over(talk, await store.lines(talk.tx, talk.chat.id), is_danger=is_danger)


def _ask(talk: Talk, asks: Asks, line: Line) -> None:
    talk.change(asks=asks)
    talk.say(line)


async def _tell(talk: Talk) -> None:
    """Look at what is known now, and say it."""
    told = choosing.told(await facts_of(talk.tx, talk.chat.subject, talk.now))
    texts = await nearby.spoken(talk.tx, talk.chat.subject, told, talk.chat.language, talk.house.settings.timezone)
    _ask(talk, Asks.NOTHING, saying.situation(talk.chat, told, texts, talk.now))
    if saying.needs_proof(talk.chat, told):
        talk.say(saying.not_yours(talk.chat, talk.now))
    is_news = talk.chat.situation != told.situation.key
    talk.change(situation=told.situation.key)
    if is_news and talk.lines[0].text != saying.GREETING:
        await note_contact(talk)


async def _suggest(talk: Talk, words: str) -> None:
    """Lead to what we have written about it; else to a person."""
    chat = talk.chat
    found = await knowledge.suggest(
        talk.tx, chat.language, text=words, situation=chat.situation, station_id=chat.station_id, limit=SUGGESTED_MAX
    )
    if found:
        line = saying.may_help(chat.id, [(each.slug, each.title) for each in found], talk.now)
    else:
        line = saying.line(chat.id, talk.now, saying.CANNOT, deciding.PERSON, deciding.MENU)
    _ask(talk, Asks.NOTHING, line)


async def _look_again(talk: Talk) -> None:
    """It did not help: tell what we see by now, where that is something else; else a person looks at it."""
    told = choosing.told(await facts_of(talk.tx, talk.chat.subject, talk.now))
    if told.situation.key != talk.chat.situation and not told.is_calm:
        await _tell(talk)
        return
    talk.say(saying.line(talk.chat.id, talk.now, saying.SAME_AS_BEFORE))
    await take(talk, deciding.to_person(talk.chat))


async def _find_outlet(talk: Talk, step: Step) -> None:
    chat = talk.chat
    for code in step.codes:
        subject = await who.subject_of_code(talk.tx, code, talk.now, chat.driver_id)
        if subject is not None:
            talk.change(
                station_id=subject.station_id, evse_number=subject.evse_number,
                connector_number=subject.connector_number, start_request_id=subject.start_request_id,
                session_id=subject.session_id,
            )  # fmt: skip
            await _tell(talk)
            await note_contact(talk)
            return
    if chat.asks is not Asks.OUTLET and not chat.station_id and deciding.meaning_of(step.words):
        await take(talk, deciding.on_words(chat, deciding.without_codes(step.words)))
        return
    patterns = rules.patterns_of(step.words or " ".join(step.codes))
    found = await store.outlets_like(talk.tx, patterns, OFFERED_MAX) if patterns else []
    named = [(each.code, each.name) for each in found]
    _ask(talk, Asks.OUTLET, saying.which_of(chat.id, named, talk.now))


async def _press(talk: Talk, step: Step) -> None:
    """Do what a situation offers; what cannot be done is said, and the chat goes on."""
    assert step.button is not None
    chat = talk.chat
    identity.require(chat.proof, Need.OWN_CHARGE)
    leads = step.button in doing.LEADS and (step.button is DriverButton.PAY or chat.driver_id is None)
    try:
        async with talk.tx.savepoint():
            text = saying.WAY_IS_CLEAR
            if leads:
                await doing.clear_way(talk.tx, chat.subject, step.button, talk.now)
            else:
                text = await doing.press(talk.tx, talk.actor, chat.subject, step.button, talk.now)
    except Problem as problem:
        talk.say(handing.problem_line(talk, problem))
        return
    await contacts.pressed(talk.tx, contact_key(chat), step.button.value)
    talk.topics |= {COMMANDS_TOPIC, f"station:{chat.station_id}"}
    if leads:
        talk.say(saying.way_is_clear(chat.id, talk.now))
        return
    _ask(talk, Asks.HELPED, saying.done(chat.id, text, talk.now))
