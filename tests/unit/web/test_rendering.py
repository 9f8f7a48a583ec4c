"""Pages know their reader, escape what is hostile, and carry nothing that the strict policy would refuse."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from laddverk.web import rendering
from laddverk.web.console import gallery
from laddverk.web.rendering import (
    Person,
    View,
    environment_for,
    option_tags,
    places,
    query_value,
    render,
    spark_points,
    static,
    with_query,
)

NOW = datetime(2026, 11, 21, 13, 3, tzinfo=UTC)
TEMPLATES = sorted(rendering.TEMPLATES.rglob("*.html"))
ICON = re.compile(r"""(?:icon\(|icon_name=|icons\.svg"\) \}\}#)"?([a-z][a-z0-9-]+)""")


def view(language="sv", **changes):
    return View(language=language, now=NOW, **changes)


def from_text(text, seen=None, **context):
    seen = seen or view()
    return environment_for(seen.language).from_string(text).render(view=seen, **context)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_gallery_renders_in_both_languages(language):
    seen = view(language, path="/console/_parts", person=Person("Karin"))
    html = render("console/_parts.html", seen, **gallery.sample(seen))
    assert f'lang="{language}"' in html
    assert ("42 min sedan" if language == "sv" else "42 min ago") in html


def test_the_gallery_shows_every_part():
    """A part is shown when the gallery calls it, or when a layout or another part that is shown does."""
    folders = [rendering.TEMPLATES / "parts", rendering.TEMPLATES / "layout"]
    sources = [
        (rendering.TEMPLATES / "console" / "_parts.html"),
        *(path for folder in folders for path in folder.glob("*.html")),
    ]
    called = "".join(re.sub(r"{% macro [^%]*%}", "", path.read_text("utf-8")) for path in sources)
    assert {name for name in vars(environment_for("sv").globals["ui"]) if not re.search(rf"\b{name}\(", called)} <= {
        "head"
    }


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(rendering.TEMPLATES)))
def test_no_template_carries_a_style_or_a_script_of_its_own(path):
    source = path.read_text("utf-8")
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=\s*[\"']|hx-on|javascript:|hx-vals=.js:", source)
    assert not re.search(r"<script(?![^>]*\bsrc=)", source)
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", source)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(rendering.TEMPLATES)))
def test_every_icon_that_a_template_names_is_in_the_sprite(path):
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (rendering.STATIC / "vendor" / "icons.svg").read_text("utf-8")))
    named = set(ICON.findall(path.read_text("utf-8")))
    assert named - {"name", "icon"} <= sprite


def test_a_hostile_name_stays_text_in_every_place():
    hostile = '"><script>alert(1)</script>'
    seen = view(
        person=Person(hostile), notice=hostile, query=(("q", hostile),), path="/console/" + hostile, operator=hostile
    )
    html = render("console/_parts.html", seen, **gallery.sample(seen))
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_a_place_in_a_sentence_is_escaped_too():
    assert "<b>" not in from_text('{{ _("Your account: %(name)s", name=name) }}', name="<b>")


def test_an_unknown_name_is_an_error_and_not_an_empty_place():
    with pytest.raises(UndefinedError):
        from_text("{{ energy_of_nobody }}")


def test_a_static_file_that_does_not_exist_is_found_out_at_once():
    with pytest.raises(FileNotFoundError):
        static("css/nothing.css")
    assert static("css/laddverk.css").startswith(rendering.STATIC_PATH + "/css/")


def test_the_address_of_static_files_follows_their_content(tmp_path: Path):
    (tmp_path / "a.css").write_text("a")
    before = rendering.digest_of(tmp_path)
    assert rendering.digest_of(tmp_path) == before
    (tmp_path / "a.css").write_text("b")
    assert rendering.digest_of(tmp_path) != before


def test_a_filter_changes_one_value_of_the_query_and_keeps_the_rest():
    seen = view(path="/console/stations", query=(("q", "Möln dal&"), ("state", "free"), ("page", "3")))
    assert with_query(seen, state="broken", page=None) == "/console/stations?q=M%C3%B6ln+dal%26&state=broken"
    assert with_query(view(path="/console"), page=None) == "/console"
    assert query_value(seen, "state") == "free"
    assert query_value(seen, "sort") == ""


def test_the_top_bar_shows_what_a_person_may_open():
    assert [place.key for place in places(view(person=Person("Karin", places=frozenset({"stations"}))))] == ["stations"]
    assert len(places(view(person=Person("Karin")))) == len(rendering.CONSOLE_PLACES)
    assert places(view()) == []


def test_only_the_place_one_is_in_is_current():
    now, stations = rendering.CONSOLE_PLACES[:2]
    assert rendering.is_current(stations, "/console/stations/sta_1")
    assert not rendering.is_current(stations, "/console/stationsplan")
    assert rendering.is_current(stations, "/console/campaigns/cmp_1")
    assert not rendering.is_current(now, "/console/stations")


def test_a_number_is_set_apart_from_its_unit():
    assert (
        from_text("{{ ui.money(123450) }}")
        == '<span class="num ">1\u00a0234,50<span class="unit">&nbsp;kr</span></span>'
    )


def test_a_time_that_has_not_come_is_a_dash():
    assert "–" in from_text("{{ ui.clock(none, view) }}")


def test_a_sparkline_of_nothing_of_zero_and_with_gaps_can_be_drawn():
    assert spark_points([], 10, 10) == ""
    assert spark_points([None, None], 10, 10) == ""
    assert spark_points([0, 0], 10, 10) == "0.0,10.0 10.0,10.0"
    assert spark_points([1, None, 2], 10, 10) == "0.0,5.0 10.0,0.0"
    assert spark_points([5], 10, 10, top=2) == "0.0,0.0"


def test_two_parts_of_one_name_are_a_mistake(tmp_path: Path, monkeypatch):
    (tmp_path / "parts").mkdir()
    for name in ("one", "two"):
        (tmp_path / "parts" / f"{name}.html").write_text("{% macro same() %}{% endmacro %}")
    monkeypatch.setattr(rendering, "TEMPLATES", tmp_path)
    made = environment_for("sv").overlay(loader=rendering.FileSystemLoader(tmp_path))
    with pytest.raises(ValueError, match="same"):
        rendering.parts(made)


def test_what_is_kept_of_a_safe_text_is_not_shown_for_the_same_text_that_is_not():
    ui = environment_for("en").globals["ui"]
    assert "<b>Ada</b>" in ui.pill("plain", Markup("<b>Ada</b>"))
    for _ in range(2):
        assert "&lt;b&gt;Ada&lt;/b&gt;" in ui.pill("plain", "<b>Ada</b>")


def test_options_are_escaped_and_the_chosen_one_is_marked():
    options = [("", "–"), (3, "<script>"), ('"x"', "Bo & Co")]
    for chosen in (3, "3"):
        told = option_tags(options, chosen)
        assert told.count(" selected") == 1
        assert '<option value="3" selected>&lt;script&gt;</option>' in told
        assert '<option value="&#34;x&#34;">Bo &amp; Co</option>' in told


@pytest.mark.parametrize(
    ("here", "there", "said"),
    [(150, 100, "+50%"), (50, 100, "-50%"), (100, 100, "0%"), (-50, 100, "-150%"),
     (-50, -100, "–"), (50, -100, "–"), (50, 0, "–"), (None, 100, "–"), (100, None, "–")],
)  # fmt: skip
def test_a_change_is_a_share_of_what_is_above_zero_and_of_nothing_else(here, there, said):
    source = '{% import "console/planning/_usage.html" as u with context %}{{ u.change(x, y) }}'
    told = from_text(source, view(language="en"), x=here, y=there)
    assert re.sub(r"<[^>]*>|\s|&nbsp;|\u00a0", "", told).replace("−", "-") == said
