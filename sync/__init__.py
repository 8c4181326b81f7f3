"""Sync between laptops and the team's server: the protocol and its two ends."""
