"""Strongroom: the credential vault for AI agents. They use your credentials and never see them."""

__version__ = "0.1.0"
