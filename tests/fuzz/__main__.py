"""Looks for inputs that break a rule, led by coverage: `python -m tests.fuzz TARGET [FOLDER …] [-runs=N]`.

The folders hold inputs to begin with; what is found new goes into the first. All options are libFuzzer's.
"""

import sys

import atheris  # type: ignore[import-untyped]  # the wheel has no stubs

with atheris.instrument_imports(include=["strongroom.core", "strongroom.delivery"]):
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    atheris.Setup([sys.argv[0], *arguments], TARGETS[name])
    atheris.Fuzz()
