"""What becomes of Markdown, titles and searches."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laddverk.kernel.problems import Invalid
from laddverk.support.knowledge import rules, shipping, showing
from laddverk.support.knowledge.model import LANGUAGES, Given

HOSTILE = (
    "<script>alert(1)</script>", "[x](javascript:alert(1))", "![x](https://evil.example/pixel.png)",
    '<img src=x onerror="alert(1)">', "[x](data:text/html;base64,PHNjcmlwdD4=)", "<iframe src=//evil></iframe>",
    '[x](https://a "onmouseover=alert(1)")', "![x](/help/pictures/../../console)", "<style>*{display:none}</style>",
)  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE)
def test_nothing_that_runs_or_tells_who_reads_comes_through(body: str) -> None:
    html = str(showing.html_of(body))
    assert not re.search(
        r'<(script|iframe|style|img src=x)|href="(javascript|data)|src="(http|/help/pictures/\.\.)', html
    )


def test_headings_tables_and_our_own_pictures_come_through() -> None:
    picture = "/help/pictures/apc_" + "0" * 32
    html = str(showing.html_of(f"# One\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n![A plug]({picture})\n\n[tel](tel:112)"))
    assert "<h2>One</h2>" in html
    assert "<td>2</td>" in html
    assert picture in html
    assert 'href="tel:112"' in html


def test_every_situation_text_of_the_files_is_in_both_languages_with_the_same_situations() -> None:
    by_name: dict[str, dict[str, Given]] = {}
    for each in shipping.files():
        by_name.setdefault(each.name, {})[each.language] = each.given
    assert len(by_name) >= 12
    for name, texts in by_name.items():
        assert set(texts) == set(LANGUAGES), name
        assert len({each.situations for each in texts.values()}) == 1, name
        assert all(each.summary and each.tags for each in texts.values()), name


def test_an_address_is_made_of_the_title() -> None:
    assert rules.slug_of("Så här laddar du på Åland!") == "sa-har-laddar-du-pa-aland"
    assert rules.slug_of("***") == ""


def test_a_search_that_may_name_somebody_is_not_kept() -> None:
    assert rules.kept_search("  Kabeln   FAST ") == "kabeln fast"
    for personal in ("anna@example.se", "070-123 45 67", "ABC 1234", "+46 70", "x" * 61, "a\0b"):
        assert rules.kept_search(personal) == "", personal


def test_a_word_with_a_wrong_letter_is_understood_and_nonsense_is_not() -> None:
    known = {"kabeln": 9, "kvitto": 5, "faktura": 4, "laddning": 20}
    assert rules.meant("kvito", known) == "kvitto"
    assert rules.meant("kabeln faktuta", known) == "kabeln faktura"
    assert rules.meant("kabeln", known) == ""
    assert rules.meant("xyzzy", known) == ""


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_no_search_is_syntax(text: str) -> None:
    for asked in (rules.all_of_them(text), rules.any_of_them(text)):
        assert not set(asked) & set("'\\!<>()\0")


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="[]<>#*`|&\"'ab ", max_size=80))
def test_what_matched_is_never_markup_of_its_own(text: str) -> None:
    html = str(showing.headline_of(text)).replace("<mark>", "").replace("</mark>", "")
    assert "<" not in html
    assert ">" not in html


def test_what_is_too_long_or_has_no_address_is_refused() -> None:
    for faulty in (
        Given(title="", body="x"), Given(title="x" * 121, body="x"), Given(title="Abc", body=""),
        Given(title="Abc", body="x" * 20_001), Given(title="***", body="x"), Given(title="Abc", body="x", slug="A/b"),
        Given(title="Abc", body="x\0"), Given(title="Abc", body="x", tags=("y" * 41,)),
    ):  # fmt: skip
        with pytest.raises(Invalid):
            rules.checked(faulty, ())
