"""Upstreams of language models: what a connection to one is, and how requests find their way to it. Pure.

Normative is the contract barndoor-credentials; section numbers in this folder are its own.
"""
