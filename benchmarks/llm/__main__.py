"""`python -m benchmarks.llm`: measures, prints tables on standard output, progress on standard error."""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.llm.gateways import LITELLM, LITELLM_BIN
from benchmarks.llm.run import QUICK, USUAL, dumped, run
from benchmarks.llm.tables import BEGIN, END, text
from benchmarks.page import can_hold, with_figures
from benchmarks.processes import BenchmarkFailed


def main() -> int:
    """Run the command line; the answer is the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.llm", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object, every round in it")
    parser.add_argument("--into", type=Path, metavar="PAGE", help="also write the tables between the marks of a page")
    parser.add_argument("--quick", action="store_true", help="one short round: shows that it works, not how fast it is")
    parser.add_argument("--rounds", type=int, help=f"how often each measurement is made (usually {USUAL.rounds})")
    parser.add_argument("--seconds", type=float, help=f"how long one measurement takes (usually {USUAL.seconds:g})")
    parser.add_argument("--alone", action="store_true", help="without LiteLLM")
    asked = parser.parse_args()
    if not asked.alone and not LITELLM_BIN.exists():
        print(f"{LITELLM_BIN} is not there: `make bench-llm` installs it.", file=sys.stderr)
        return 2
    if asked.into is not None and not can_hold(asked.into, BEGIN, END):
        print(f"{asked.into} is no page with a place for figures: {BEGIN} ... {END}", file=sys.stderr)
        return 2
    chosen = {name: value for name in ("rounds", "seconds") if (value := getattr(asked, name)) is not None}
    pace = replace(QUICK if asked.quick else USUAL, **chosen)
    try:
        with tempfile.TemporaryDirectory(prefix="strongroom-bench-llm-") as scratch:
            result = run(Path(scratch), pace, () if asked.alone else (LITELLM,))
    except BenchmarkFailed as failed:
        print(f"The benchmark failed: {failed}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(dumped(result) if asked.json else text(result))
    if asked.into is not None:
        page = asked.into.read_text(encoding="utf-8")
        asked.into.write_text(with_figures(page, text(result), BEGIN, END), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
