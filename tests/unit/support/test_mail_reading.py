"""Mails as they are found: 40 odd and hostile ones in tests/data/mail, and whatever bytes there are."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laddverk.platform.settings import Secrets
from laddverk.support.mail import addresses, authentication, bodies, guards, parsing, quoting, words
from laddverk.support.mail.model import Dmarc, Envelope, Letter, Nature
from laddverk.support.situations.model import Complaint

MAILS = Path(__file__).parents[2] / "data" / "mail"
ALL = sorted(MAILS.glob("*.eml"))
SECONDS_MAX = 3.0  # on a busy machine; what is meant to hurt takes minutes
HERE = Envelope(inbox="lmtp", sender="ada@example.se")
SECRETS = Secrets(b"p" * 32, b"k" * 32)
ADDRESS = "support@laddverk.example"


def read(name: str) -> Letter:
    return parsing.read((MAILS / f"{name}.eml").read_bytes())


def fresh(name: str) -> str:
    return quoting.folded(read(name).text).fresh


def nature(name: str, envelope: Envelope = HERE) -> Nature:
    return guards.nature_of(read(name), envelope, [])[0]


def texts_of(letter: Letter) -> list[str]:
    return [
        letter.message_id, letter.sender, letter.sender_name, letter.subject, letter.text, letter.html,
        *letter.answers, *letter.recipients, *[each.name for each in letter.attached],
    ]  # fmt: skip


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_every_odd_mail_is_read_in_time_and_can_be_kept(path: Path) -> None:
    began = time.process_time()
    letter = parsing.read(path.read_bytes())
    folded = quoting.folded(letter.text)
    html = bodies.shown_html(letter.html)
    assert time.process_time() - began < SECONDS_MAX
    for text in (*texts_of(letter), folded.fresh, folded.quoted, html):
        assert "\x00" not in text
        text.encode()
    assert letter.message_id
    assert len(letter.attached) <= 10
    assert not any(
        tag in html.lower() for tag in ("<script", "<img", "<style", "onerror", "javascript:", "<form", "<iframe")
    )


def test_there_are_enough_of_them() -> None:
    assert len(ALL) >= 40


@given(st.binary(max_size=2_000))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    letter = parsing.read(raw)
    quoting.folded(letter.text)
    assert letter.message_id
    for text in texts_of(letter):
        text.encode()


@given(st.sampled_from(ALL), st.data())
@settings(max_examples=100, deadline=None)
def test_a_mail_with_a_hole_in_it_is_read(path: Path, data: st.DataObject) -> None:
    raw = path.read_bytes()[:20_000]
    start, end = sorted((data.draw(st.integers(0, len(raw))), data.draw(st.integers(0, len(raw)))))
    assert parsing.read(raw[:start] + data.draw(st.binary(max_size=20)) + raw[end:]).message_id


def test_mail_programs_in_swedish_english_norwegian_and_danish_are_folded() -> None:
    assert fresh("gmail-sv-reply") == "Ja, det hjälpte."
    assert fresh("outlook-sv-html-only") == "Nu fungerar det, tack för hjälpen!"
    assert fresh("apple-inline-photo") == "Så här ser det ut:"
    for text in (
        "Det virker nå\n\ntor. 12. nov. 2026 kl. 14:03 skrev Support <s@e.se>:\n\n> Hei\n",
        "Det virker nå\n\nDen 12. nov. 2026 kl. 14.03 skrev Support <s@e.se>:\n> hej\n",
        "Det virker nå\n\nOn Thu, Nov 12, 2026 at 2:03 PM Laddverk Support\n<s@e.se> wrote:\n\n> Hi\n",
        "Det virker nå\n\nFra: Support\nSendt: torsdag\nTil: a\nEmne: b\n\ntext\n",
        "Det virker nå\n\n-----Ursprungligt meddelande-----\nFrån: Support\n\ntext\n",
        "Det virker nå\n\nSkickat från min iPhone\n\n> 12 nov. 2026 kl. 14:03 skrev Support:\n> \n> Hej",
    ):
        folded = quoting.folded(text)
        assert folded.fresh == "Det virker nå"
        assert folded.quoted


def test_what_is_not_plainly_quoted_is_shown() -> None:
    assert "GBG-014-2" in fresh("interleaved-answers")
    assert quoting.folded("> bara citat\n> mer").fresh == "> bara citat\n> mer"
    assert quoting.folded("Från: mig\nhej").fresh == "Från: mig\nhej"
    assert quoting.folded("Hej, jag står vid laddaren.\n\nHälsningar\nAda").fresh.startswith("Hej, jag står")


@given(st.text(alphabet="> OnDenFrån:skrev@<.\n-_1a", max_size=400))
@settings(max_examples=150, deadline=None)
def test_folding_loses_no_word(text: str) -> None:
    folded = quoting.folded(text)
    assert sorted("".join((folded.fresh + folded.quoted).split())) == sorted("".join(text.split()))


def test_swedish_letters_arrive_whatever_program_wrote_them() -> None:
    assert read("latin1-without-charset").subject == "Laddning på Ångström"
    assert read("latin1-without-charset").text.strip() == "Det går inte på ön."
    assert read("encoded-words-split").subject == "Ångström på ön"
    assert read("a-thousand-parts").subject == "många"
    assert read("lying-charset").text.strip() == "Å ä ö"


def test_ids_that_are_crooked_are_ids_and_missing_ones_are_made_from_the_mail() -> None:
    assert read("two-at-signs-in-message-id").message_id == "a@b@c@example.se"
    assert read("message-id-without-brackets").message_id == "bare-id@example.se"
    raw = (MAILS / "no-message-id.eml").read_bytes()
    made = parsing.read(raw).message_id
    assert made.startswith("sha256:")
    assert parsing.read(b"Received: elsewhere\r\n" + raw.replace(b"\n", b"\r\n")).message_id == made
    assert parsing.read(raw.replace(b"Hej", b"Nej")).message_id != made
    assert read("empty").message_id != read("binary-rubbish").message_id
    assert read("references-of-a-book").answers[:2] == ("nearest@example.org", "r399@example.org")
    assert len(read("references-of-a-book").answers) == 30


def test_machines_are_known_as_such() -> None:
    assert nature("out-of-office-exchange") is Nature.AUTOMATIC
    assert nature("newsletter") is Nature.LIST
    assert nature("bounce-permanent") is nature("bounce-delayed") is Nature.BOUNCE
    assert nature("gmail-sv-reply") is Nature.PERSON
    assert nature("gmail-sv-reply", Envelope(inbox="lmtp", sender="")) is Nature.AUTOMATIC
    assert guards.nature_of(read("gmail-sv-reply"), HERE, ["ada@example.se"])[0] is Nature.OURS
    bounce = read("bounce-permanent").bounce
    assert bounce is not None
    assert (bounce.recipient, bounce.status, bounce.is_for_good) == ("ada@example.se", "5.1.1", True)
    assert bounce.message_id == "0123456789abcdef0123456789abcdef@laddverk.example"
    late = read("bounce-delayed").bounce
    assert late is not None
    assert not late.is_for_good


def vouched(name: str, *values: str, ours: str = "mx.laddverk.example") -> Dmarc:
    head = "".join(f"Authentication-Results: {value}\n" for value in values)
    return authentication.dmarc_of(parsing.read(head.encode() + (MAILS / f"{name}.eml").read_bytes()), ours)


def test_only_our_own_server_vouches_and_only_for_the_one_in_from() -> None:
    good = "mx.laddverk.example; spf=fail; dmarc=pass (p=none; x) header.from=example.se"
    assert vouched("gmail-sv-reply", good) is Dmarc.PASS
    assert vouched("gmail-sv-reply", good, ours="") is Dmarc.UNKNOWN
    assert vouched("gmail-sv-reply", "mx.evil.example; dmarc=pass header.from=example.se") is Dmarc.UNKNOWN
    assert vouched("gmail-sv-reply", "mx.laddverk.example.evil; dmarc=pass") is Dmarc.UNKNOWN
    assert vouched("gmail-sv-reply", "mx.laddverk.example; dmarc=fail header.from=example.se", good) is Dmarc.FAIL
    assert vouched("gmail-sv-reply", "mx.laddverk.example; dmarc=pass header.from=evil.example") is Dmarc.FAIL
    assert vouched("gmail-sv-reply", "mx.laddverk.example; spf=pass (dmarc=pass)", "x; dmarc=pass") is Dmarc.UNKNOWN
    assert vouched("two-from-headers", good) is Dmarc.UNKNOWN
    assert vouched("two-addresses-in-from", good) is Dmarc.UNKNOWN


@given(st.integers(1, 10**15 - 1))
def test_a_signed_address_names_its_case_and_no_other(number: int) -> None:
    signed = addresses.signed_address(SECRETS, ADDRESS, number)
    assert len(signed.partition("@")[0]) <= 64
    assert addresses.number_in(SECRETS, ADDRESS, ["x@y.se", signed.upper()]) == number
    assert addresses.number_in(SECRETS, ADDRESS, [signed.replace(f"+{number}-", f"+{number + 1}-")]) is None
    assert addresses.number_in(Secrets(b"p" * 32, b"o" * 32), ADDRESS, [signed]) is None
    assert addresses.is_for_support(ADDRESS, signed)
    assert not addresses.is_for_support(ADDRESS, signed.replace("laddverk", "evil"))


def test_what_a_mail_says_is_made_out() -> None:
    assert words.said_of("SV: Re: [#2001] VB: Kabeln") == "Kabeln"
    assert words.codes_in("Jag står vid gbg-014-2 och TST-001-1, inte 2026.") == ["GBG-014-2", "TST-001-1", "2026"]
    assert words.language_of("Hello, my charger is stuck", "sv") == "en"
    assert words.language_of("Hej, laddaren går inte", "en") == "sv"
    assert words.language_of("I need a receipt. https://x.se/s/jag-har-en-den", "sv") == "en", "an address is no words"
    assert words.language_of("Kvitto tack, uttag B001", "en") == "sv"
    assert words.language_of("B001-001-1", "sv") == "sv"
    assert words.complaint_of("Kabeln sitter fast och jag vill ha pengarna tillbaka") is Complaint.CABLE
    assert words.complaint_of("I was charged twice") is Complaint.MONEY
    assert words.complaint_of("Kan jag få ett kvitto?") is Complaint.RECEIPT
    assert words.complaint_of("Laddaren är trasig") is Complaint.NONE
