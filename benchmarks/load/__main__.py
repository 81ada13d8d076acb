"""The load generator's process: a job per line in, what was measured per line out, until standard input ends."""

import gc
import sys

import msgspec
import uvloop

from benchmarks.load.job import Job
from benchmarks.load.loops import run


def main() -> None:
    """Work through the jobs. The garbage collector rests while one is measured."""
    for line in sys.stdin:
        job = msgspec.json.decode(line, type=Job)
        gc.collect()
        gc.disable()
        measured = uvloop.run(run(job))
        gc.enable()
        print(msgspec.json.encode(measured).decode(), flush=True)


if __name__ == "__main__":
    main()
