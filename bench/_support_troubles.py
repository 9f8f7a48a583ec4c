"""Every text of the catalogue made to happen at simulated chargers, by name: starts, charges and outlets."""

from __future__ import annotations

from bench import _support_charges, _support_outlets, _support_starts
from bench._support_acts import EVENTS as EVENTS

PARTS = (_support_starts, _support_charges, _support_outlets)
