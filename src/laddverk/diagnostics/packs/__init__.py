"""Packs: what a charger should be set up to send, so that detectors see; offered by model, never pushed.

A pack is data (`*.toml` here, and the operator's own). A person applies it to one charger, or makes a configuration
template of it; either way it goes through provisioning, is audited, and its outcome is seen there.
"""
