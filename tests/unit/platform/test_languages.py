"""The catalogue: Swedish from its files, English as it is written, never an error for a missing text."""

from laddverk.platform.languages import gettext_for, ngettext_for, translations


def test_swedish_comes_from_the_catalogue_and_english_is_the_text_itself():
    assert gettext_for("sv")("just now") == "nyss"
    assert gettext_for("en")("just now") == "just now"


def test_a_text_or_a_language_that_is_unknown_comes_out_in_english():
    assert gettext_for("sv")("This was never translated") == "This was never translated"
    assert gettext_for("tlh")("just now") == "just now"


def test_what_is_counted_has_its_two_forms():
    words = ("One thing has to be put right.", "%(num)d things have to be put right.")
    assert ngettext_for("sv")(*words, 1) == "En sak behöver rättas."
    assert ngettext_for("sv")(*words, 2) == "%(num)d saker behöver rättas."


def test_a_catalogue_is_read_once():
    assert translations("sv") is translations("sv")
