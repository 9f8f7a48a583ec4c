"""Every ink can be read on every ground in both themes (WCAG 2.2, 1.4.3: 4.5 to 1; 1.4.11: 3 to 1 for shapes)."""

import math
import re
from itertools import product

import pytest

from laddverk.web.rendering import STATIC

CSS = (STATIC / "css" / "laddverk.css").read_text("utf-8")
PAIR = re.compile(r"--([\w-]+): light-dark\(oklch\(([^)]+)\), oklch\(([^)]+)\)\);")
TOKENS = {name: (light, dark) for name, light, dark in PAIR.findall(CSS)}
GROUNDS = ("paper", "surface", "sunken")
INKS = ("ink", "ink-2", "ink-3", "energy-ink", "wait-ink", "broken-ink", "info-ink")
WEIGHTS = (0.2126, 0.7152, 0.0722)
SHAPES = ("energy", "broken", "info")


def luminance(oklch):
    """Relative luminance of an oklch colour (Ottosson 2020), clipped to sRGB."""
    lightness, chroma, hue = (float(part) for part in oklch.split())
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long, medium, short = (
        (lightness + a * x + b * y) ** 3
        for x, y in ((0.3963377774, 0.2158037573), (-0.1055613458, -0.0638541728), (-0.0894841775, -1.2914855480))
    )
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return sum(
        weight * min(1, max(0, part)) for weight, part in zip((0.2126, 0.7152, 0.0722), (red, green, blue), strict=True)
    )


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("ink", "ground"),
    [*product(INKS, GROUNDS), *((f"{k}-ink", f"{k}-soft") for k in ("energy", "wait", "broken", "info"))],
)
def test_every_ink_can_be_read_on_every_ground(ink, ground):
    for theme in (0, 1):
        assert contrast(TOKENS[ink][theme], TOKENS[ground][theme]) >= 4.5


@pytest.mark.parametrize(("shape", "ground"), [*product(SHAPES, GROUNDS)])
def test_every_shape_can_be_seen_on_every_ground(shape, ground):
    for theme in (0, 1):
        assert contrast(TOKENS[shape][theme], TOKENS[ground][theme]) >= 3
