"""What things are and what may happen to them.

Pure: no I/O, no clock, no randomness, nothing but the standard library.
"""
