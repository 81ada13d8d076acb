"""Shipped doubles: a clock that stands still, entropy that counts, upstreams on loopback."""
