"""Who a mail may go to, and how it reads."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from jinja2 import UndefinedError

from laddverk.kernel.problems import Invalid
from laddverk.notices.model import Template
from laddverk.notices.rules import checked_recipient, one_line, written

PARAMS: dict[str, Any] = {
    "link": "https://ladda.example/x?a=1&b=2",
    "operator": "Västkustens <Laddnät> & Co",
    "place": "Hamngatan 3",
    "amount_minor": 123_450,
    "currency": "SEK",
    "energy_wh": 23_400,
    "number": "F2026-00042",
    "credited": "F2026-00041",
    "says": "Vrid den röda knappen <ett> varv.",
    "rate": "https://ladda.example/help/rate/x?a=1&b=2",
    "subject": "Kabeln <sitter> fast",
    "code": "123456",
    "month": date(2026, 10, 1),
    "due_on": date(2026, 12, 2),
    "reference": "126000042117",
    "bankgiro": "5050-1055",
    "unsound": True,
    "differences": [{"what": "No <entry>", "amount_minor": 100, "currency": "SEK"}],
    "reason": "Konto <avslutat>",
    "again": True,
    "what": "session",
    "name": "Hamngatan <3>",
    "then": "again",
    "again_at": datetime(2026, 11, 3, 12, tzinfo=UTC),
    "tries": [{"way": "Visa •••• 4242", "reason": "Slut <på> pengar"}],
    "paid_by": "Mastercard •••• 4444",
    "released_minor": 30_000,
    "started": True,
    "before_minor": 9_900,
    "fee_minor": 12_900,
    "before_wh": 20_000,
    "included_wh": 30_000,
    "from_on": date(2026, 12, 1),
    "coming": "trial_ends",
    "day_on": date(2026, 12, 1),
    "account": "Familjen <Ek>",
    "member": "Kim",
    "percent": 80,
    "spent_minor": 80_000,
    "limit_minor": 100_000,
    "owner": "Anna Ek",
    "is_company": False,
    "until_on": date(2026, 12, 1),
    "balance_minor": 4_500,
    "by_itself": True,
    "stopped": True,
    "zone": "Europe/Stockholm",
    "title": "Earth fault: Hamngatan <3>",
    "began": "07:12",
    "action": "Do not <restart> it",
    "danger": True,
    "console": "https://ladda.example/console",
    "since": datetime(2026, 11, 1, 12, tzinfo=UTC),
    "count": 23,
    "phone": "031-123 45 67",
    "text": "It is <mended>.",
    "alarms": [
        {
            "event": "Somebody <tries> 100 %s keys",
            "place": "Hamngatan <3>",
            "info": "{{ 7 }} <b>",
            "at": datetime(2026, 11, 1, 12, tzinfo=UTC),
        },
        {"event": "Two", "place": "", "info": "", "at": datetime(2026, 11, 1, 13, tzinfo=UTC)},
    ],
}


@pytest.mark.parametrize("address", ["ada@example.se", "a.b+c@sub.example.co", "åsa@exämple.se", " ada@localhost "])
def test_an_address_is_taken(address: str) -> None:
    assert checked_recipient(address) == address.strip()


NO_ADDRESSES = ["", "ada", "@x", "a@b@c", "a b@c", "a@b\r\nBcc: x@y", "a@b,c@d", "<a@b>", "a@b\0", '"a b"@c', "a@b."]


@pytest.mark.parametrize("address", [*NO_ADDRESSES, "a" * 65 + "@b"])
def test_what_is_plainly_no_address_is_refused(address: str) -> None:
    with pytest.raises(Invalid):
        checked_recipient(address)


@pytest.mark.parametrize("template", list(Template))
@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_notice_reads_in_both_languages(template: Template, language: str) -> None:
    words = written(template, language, PARAMS)
    assert words.subject
    # Who has not asked for a code shall not be led anywhere.
    if template not in (Template.CASE_CODE, Template.OWN_DATA_CODE):
        assert PARAMS["link"] in words.body_text
        assert "https://ladda.example/x?a=1&amp;b=2" in words.body_html
    assert "<Laddnät>" not in words.body_html
    assert f'lang="{language}"' in words.body_html


def test_the_two_languages_differ_and_write_money_as_sweden_does() -> None:
    swedish, english = (written(Template.INVOICE, language, PARAMS) for language in ("sv", "en"))
    assert swedish.subject != english.subject
    assert "1\u00a0234,50\u00a0kr" in swedish.subject


def test_a_missing_parameter_is_a_mistake_and_not_an_empty_place() -> None:
    with pytest.raises(UndefinedError):
        written(Template.SIGN_IN, "sv", {"link": "x"})


def test_a_subject_is_one_line_whatever_somebody_is_called() -> None:
    words = written(Template.CHARGING_FINISHED, "sv", {**PARAMS, "place": "Hamn\r\nBcc: evil@example.com\0"})
    assert "\n" not in words.subject
    assert one_line("a\r\nb\tc\0 d") == "a b c d"
