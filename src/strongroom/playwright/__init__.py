"""Logins for browser agents that Playwright drives: the model, the page's scripts and your logs see placeholders.

`Filler` is for Playwright's synchronous interface, `AsyncFiller` for the other; docs/browser-agents.md shows both.
"""

from strongroom.playwright.fillers import AsyncFiller, Filler
from strongroom.playwright.outcomes import FillFailed, Login, Shown, Way

__all__ = ["AsyncFiller", "FillFailed", "Filler", "Login", "Shown", "Way"]
