"""The tools that keep translations complete and vendored files honest find what they are for."""

import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from laddverk.web import rendering

ROOT = Path(rendering.__file__).parents[3]
sys.path.insert(0, str(ROOT / "tools"))

import bare_texts  # noqa: E402 - tools are scripts, not a package
import catalog  # noqa: E402
import vendor  # noqa: E402


def test_every_vendored_file_is_what_its_list_says():
    assert vendor.faults() == []


def test_a_changed_a_missing_and_an_unlisted_file_are_found(tmp_path, monkeypatch):
    listed = {"file": [{"path": "vendor/a.js", "sha512": "0"}, {"path": "vendor/b.js", "sha512": "0"}]}
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "a.js").write_text("a")
    (tmp_path / "vendor" / "c.js").write_text("c")
    monkeypatch.setattr(vendor, "STATIC", tmp_path)
    monkeypatch.setattr(vendor, "VENDOR", tmp_path / "vendor")
    monkeypatch.setattr(vendor, "listed", lambda: listed)
    assert vendor.faults() == ["vendor/b.js is missing", "vendor/a.js was changed", "vendor/c.js is not listed"]


@pytest.mark.parametrize(
    ("path", "area"),
    [
        ("sessions/rules.py", "sessions"),
        ("wiring.py", "wiring"),
        ("web/console/desk.py", "console"),
        ("web/templates/portal/live.html", "portal"),
        ("web/templates/parts/forms.html", "design"),
        ("web/app.py", "design"),
    ],
)
def test_a_text_belongs_to_the_area_of_its_file(path, area):
    assert catalog.area_of(catalog.SOURCE / path) == area


def test_marked_texts_and_the_words_of_problems_are_found(tmp_path):
    source = tmp_path / "a.py"
    source.write_text(
        '_("one")\nwords.ngettext("%(n)d two", "%(n)d twos", n)\npgettext("menu", "three")\n_(computed)\n'
        'raise Problem("four "\n  "lines", field="not a text", remedy="five")\nLABEL = N_("six")\n'
    )
    problems, catalog.PROBLEMS = catalog.PROBLEMS, {"Problem"}
    found = {(text.forms, text.context) for text in catalog.texts_in_python(source)}
    catalog.PROBLEMS = problems
    assert found == {
        (("one",), None),
        (("%(n)d two", "%(n)d twos"), None),
        (("three",), "menu"),
        (("four lines",), None),
        (("five",), None),
        (("six",), None),
    }


def test_texts_of_templates_are_found(tmp_path):
    source = tmp_path / "a.html"
    source.write_text('{{ _("one") }}{% trans n=3 %}{{ n }} two{% pluralize %}{{ n }} twos{% endtrans %}')
    assert {text.forms for text in catalog.texts_in_template(source)} == {("one",), ("%(n)s two", "%(n)s twos")}


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (Message("a %(x)s", "ett %(x)s"), None),
        (Message("a %(x)s", ""), "has no translation"),
        (Message("a %(x)s", "ett"), "does not have the same %(places)s"),
        (Message("a", "ett %(y)s"), "does not have the same %(places)s"),
        (Message("a", "ett", flags={"fuzzy"}), "is fuzzy"),
        (Message("100 % of it", "100 % av det"), None),
    ],
)
def test_a_translation_that_would_break_a_page_is_found(message, fault):
    assert catalog.fault_of(message, catalog.Text((message.id,))) == fault


def test_text_in_a_page_that_nobody_marked_is_found():
    source = (
        '<p title="Hover me">Hello {{ name }}</p><b>{{ _("fine") }} 23,4 kWh · CSV</b>{# a note #}'
        '<input placeholder="{{ _("x") }}">'
    )
    assert bare_texts.bare_texts(source) == ["Hover me", "Hello §"]
