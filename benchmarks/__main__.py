"""`python -m benchmarks`: measures, prints tables on standard output, progress on standard error."""

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.contestants import mitmproxy
from benchmarks.page import BEGIN, END, can_hold, with_figures
from benchmarks.processes import BenchmarkFailed
from benchmarks.run import ALL, run
from benchmarks.scenarios import QUICK, USUAL, Pace


def main() -> int:
    """Run the command line; the answer is the exit code."""
    asked = _parsed()
    if mitmproxy.NAME in asked.contestants and not mitmproxy.MITMDUMP.exists():
        print(f"{mitmproxy.MITMDUMP} is not there: `make bench` installs it.", file=sys.stderr)
        return 2
    if asked.into is not None and not can_hold(asked.into):
        print(f"{asked.into} is no page with a place for figures: {BEGIN} ... {END}", file=sys.stderr)
        return 2
    try:
        with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as scratch:
            names = frozenset(asked.contestants)
            report = run(Path(scratch), _pace(asked), names, neighbours=asked.neighbours == "busy")
    except BenchmarkFailed as failed:
        print(f"The benchmark failed: {failed}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(json.dumps(report.as_json(), ensure_ascii=False) if asked.json else report.text())
    if asked.into is not None:
        page = asked.into.read_text(encoding="utf-8")
        asked.into.write_text(with_figures(page, report.text()), encoding="utf-8")
    return 0


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object, every round in it")
    parser.add_argument("--into", type=Path, metavar="PAGE", help="also write the tables between the marks of a page")
    parser.add_argument("--quick", action="store_true", help="one short round: shows that it works, not how fast it is")
    parser.add_argument("--rounds", type=int, help=f"how often each measurement is made (usually {USUAL.rounds})")
    parser.add_argument("--seconds", type=float, help=f"how long one measurement takes (usually {USUAL.seconds:g})")
    parser.add_argument("--credentials", type=int, help=f"how many are stored (usually {USUAL.credentials})")
    parser.add_argument("--many-credentials", type=int, help=f"on the fullest server ({USUAL.many_credentials})")
    parser.add_argument("--sessions", type=int, help=f"how many take turns (usually {USUAL.sessions})")
    parser.add_argument(
        "--neighbours",
        choices=("busy", "idle"),
        default="busy",
        help="whether the core beside the proxy's is kept busy while CPU time is measured (usually busy)",
    )
    parser.add_argument(
        "--contestants", nargs="+", choices=ALL, default=ALL, metavar="NAME", help=f"some of {', '.join(ALL)}"
    )
    return parser.parse_args()


PACE = ("rounds", "seconds", "credentials", "many_credentials", "sessions")


def _pace(asked: argparse.Namespace) -> Pace:
    chosen = {name: getattr(asked, name) for name in PACE}
    return replace(QUICK if asked.quick else USUAL, **{name: n for name, n in chosen.items() if n is not None})


if __name__ == "__main__":
    sys.exit(main())
