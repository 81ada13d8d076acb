"""Opening the person's browser, where there is one that shows pages and does not take the terminal away."""

import os
import sys
import threading
import webbrowser
from collections.abc import Mapping

PATIENCE = 1.0
"""Seconds after which a program that has not come back is taken to be showing the page."""


def has_browser(environ: Mapping[str, str], *, system: str = sys.platform) -> bool:
    """Tell whether a browser can be expected: on Linux and the like, only with a display or where one is named."""
    if system in {"darwin", "win32"}:
        return True
    return any(environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"))


def opens(url: str) -> bool:
    """Open a URL and tell whether something took it; one that stays open is not waited for."""
    if not has_browser(os.environ):
        return False
    refused = threading.Event()
    ended = threading.Event()

    def show() -> None:
        try:
            taken = webbrowser.open(url)
        except (webbrowser.Error, OSError):
            taken = False
        if not taken:
            refused.set()
        ended.set()

    threading.Thread(target=show, daemon=True, name="browser").start()
    ended.wait(PATIENCE)
    return not refused.is_set()
