"""`python -m benchmarks.neighbour`: ordinary work on a core beside the proxy's, whenever nobody else wants that core.

Cores may share parts (SMT): a proxy is faster while its sibling idles. A slow proxy leaves load generator and upstream
idle more than a fast one, and would be measured on a faster core. With this beside all of them, they have the same one.
"""

import hashlib
import os
import re
import zlib

import msgspec

TEXT = b"".join(b"Field-%d: the value of %d, in a line of a head\r\n" % (line, line * 7919) for line in range(4000))
"""Some 200 KiB: what a program works on, too little to take the shared caches away from anybody."""
LINE = re.compile(rb"Field-(\d+): ([^\r\n]*7)[^\r\n]*\r\n")


def yield_to_everybody() -> None:
    """Run only while the core would be idle: SCHED_IDLE (sched(7)) where there is one, else the lowest priority."""
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.nice(19)


def work() -> int:
    """Search, count and digest the text once."""
    fields = {found[1]: len(found[2]) for found in LINE.finditer(TEXT)}
    return sum(fields.values()) + zlib.crc32(TEXT) + hashlib.sha256(TEXT).digest()[0]


def main() -> None:
    """Say that everything is ready, and work until ended."""
    first = work()
    yield_to_everybody()
    print(msgspec.json.encode({"work": first}).decode(), flush=True)
    while True:
        work()


if __name__ == "__main__":
    main()
