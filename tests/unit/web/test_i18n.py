"""A person gets the language they chose, and a hostile header does no harm."""

import pytest

from laddverk.kernel.problems import Invalid
from laddverk.web.i18n import negotiated, problem_words


@pytest.mark.parametrize(
    ("account", "cookie", "accept", "language"),
    [
        ("en", "sv", "sv", "en"),
        (None, "en", "sv", "en"),
        (None, None, "en-GB,en;q=0.9,sv;q=0.8", "en"),
        (None, None, "de, sv;q=0.5, en;q=0.7", "en"),
        (None, None, "en;q=0, sv;q=0.1", "sv"),
        (None, None, "de-DE", "sv"),
        (None, None, None, "sv"),
        ("tlh", "../../etc", "EN", "en"),
    ],
)
def test_the_account_wins_then_the_cookie_then_the_browser(account, cookie, accept, language):
    assert negotiated(account, cookie, accept) == language


@pytest.mark.parametrize(
    "accept", ["", ";;;,,,", "en;q=", "en;q=nan", "en;x=1", "x" * 100_000, "en;q=0.1," * 50_000, "\x00"]
)
def test_a_nonsensical_header_never_raises(accept):
    assert negotiated(None, None, accept) in {"sv", "en"}


def test_a_problem_is_translated_first_and_filled_in_after():
    problem = Invalid(
        "The currency %(currency)s is not supported.", remedy="Choose one of %(known)s.", currency="XYZ", known="SEK"
    )
    assert problem_words(problem, "sv") == ("Valutan XYZ stöds inte.", "Välj en av SEK.")
    assert problem_words(Invalid("100 % wrong"), "en") == ("100 % wrong", None)
