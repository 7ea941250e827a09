"""Locate records, and answer which territory a point lies in."""
