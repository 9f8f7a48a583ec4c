"""What is said aloud of a charge's money: what is seen first, then the receipt; nothing of another charge."""

from __future__ import annotations

from itertools import product

import pytest

from laddverk.support.phone.charge_cost import NOTHING, RESERVED, RETURNED, Stands, Sums, aloud

NOTHING_WRONG = "We see nothing wrong from here."
RECEIPT = "The receipt is on the page of the charge."
SEEN = ("", f"{NOTHING} ", f"{RESERVED} ", f"{RESERVED} late", f"{RETURNED} ")


def said(stands: Stands, sums: Sums = Sums.PAGES, seen: str = "", language: str = "en") -> str:
    return aloud(f"{stands}:{sums}:{seen}", language)


@pytest.mark.parametrize(("stands", "sums", "seen"), list(product(Stands, Sums, SEEN)))
def test_all_is_whole_sentences_in_both_languages(stands, sums, seen):
    for language in ("sv", "en"):
        words = said(stands, sums, seen, language)
        assert words.endswith(".")
        assert not set("%()") & set(words)
    assert said(stands, sums, seen, "sv") != said(stands, sums, seen)


def test_where_nothing_is_wrong_that_is_said_before_the_receipt():
    words = said(Stands.PRICED, Sums.TEXTED, NOTHING)
    assert 0 < words.index(NOTHING_WRONG) < words.index(RECEIPT) < words.index("text message")


def test_whose_charge_we_do_not_see_hears_so_before_what_holds_for_all():
    words = said(Stands.UNSEEN)
    assert words.startswith("We see no charge by the number that you call from. A person can look for it.")
    assert words.index("If you paid by card") < words.index("If you paid by Swish") < words.index(RECEIPT)


def test_of_a_charge_that_has_not_begun_there_is_no_receipt():
    words = said(Stands.NOT_BEGUN, Sums.PAGE)
    assert words.startswith("Your charge has not begun. If you paid by card")
    assert "receipt" not in words
    back = said(Stands.NOT_BEGUN, Sums.PAGE, RETURNED)
    assert "The money has been sent back to you." in back
    assert "If you paid" not in back


@pytest.mark.parametrize("came", ["", "priced", "priced:texted", "runs:page:reserve-not-released late", "gone:x:"])
def test_what_a_call_has_kept_from_before_is_said(came):
    assert aloud(came, "en")
