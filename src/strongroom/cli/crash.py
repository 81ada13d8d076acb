"""A mistake of ours: said as what kind and where, never in the error's own words, which may quote a secret."""

import traceback
from collections.abc import Mapping
from pathlib import Path

DEBUG = "STRONGROOM_DEBUG"
"""With 1 in it, the calls that led to a mistake are shown: files and lines of the program, no values."""


def sentence(crash: BaseException, environ: Mapping[str, str]) -> str:
    """Return what to say."""
    calls = traceback.extract_tb(crash.__traceback__)
    where = f"{Path(calls[-1].filename).name}:{calls[-1].lineno}" if calls else "an unknown place"
    more = "" if environ.get(DEBUG) == "1" else f"; {DEBUG}=1 shows the calls that led there"
    return (
        f"this is a mistake in Strongroom itself ({type(crash).__name__} at {where}): "
        f"please report it as an issue of its repository{more}"
    )


def calls(crash: BaseException, environ: Mapping[str, str]) -> str:
    """Return the calls that led there, if they were asked for."""
    return "".join(traceback.format_tb(crash.__traceback__)) if environ.get(DEBUG) == "1" else ""
