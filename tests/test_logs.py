"""What the process says at debug level is its own: libraries quote what they handle."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

SECRET = "hush-7-really-secret"
SPEAKING = """
import logging
import hpack
from strongroom import logs

logs.configure("{level}")
fields = [("authorization", "Bearer {secret}"), ("x-echo", "{secret}")]
hpack.Decoder().decode(hpack.Encoder().encode(fields, huffman=False))
logging.getLogger("whatever.library").info("{secret}")
logging.getLogger("whatever.library").warning("trouble")
logging.getLogger("strongroom.somewhere").debug("in detail")
logging.getLogger("strongroom.somewhere").info("in short")
"""


def said(level: str) -> Iterator[str]:
    """Yield what a process of its own says: how a process speaks is set once."""
    program = SPEAKING.format(level=level, secret=SECRET)
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert SECRET not in ran.stdout + ran.stderr
    for line in ran.stderr.splitlines():
        yield json.loads(line)["event"]


@pytest.mark.parametrize(
    ("level", "events"),
    [
        ("debug", ["trouble", "in detail", "in short"]),
        ("info", ["trouble", "in short"]),
        ("warning", ["trouble"]),
        ("error", []),
    ],
)
def test_libraries_tell_of_trouble_alone_and_we_as_much_as_was_asked_for(level: str, events: list[str]) -> None:
    assert list(said(level)) == events
