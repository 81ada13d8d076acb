"""Sealing, keys and tokens. Computes only: no files, no network, and randomness is handed in."""
