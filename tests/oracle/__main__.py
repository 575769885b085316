"""`python -m tests.oracle --count 100000 --seed 7 [--kind json]`: compare at length; exits 1 on what is unexplained."""

from __future__ import annotations

import argparse
import sys
import time

import pytest

from tests.oracle.differential import Report, run
from tests.oracle.generate import KINDS


def main() -> int:
    """Run the comparison and print its report."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="how many comparisons (default 10000)")
    parser.add_argument("--seed", type=int, default=1, help="cases of one seed are always the same (default 1)")
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="only this kind; may be repeated")
    options = parser.parse_args()
    shown = started = time.monotonic()

    def progress(report: Report) -> None:
        nonlocal shown
        if time.monotonic() - shown > 10:
            shown = time.monotonic()
            counts = f"{report.comparisons.total()} comparisons, {len(report.unexplained)} unexplained disagreements"
            print(f"{shown - started:.0f} s: {counts}", file=sys.stderr, flush=True)

    try:
        report = run(options.count, options.seed, kinds=options.kind or tuple(KINDS), progress=progress)
    except pytest.skip.Exception as missing:
        print(missing, file=sys.stderr)
        return 2
    print(report)
    return 0 if report.is_clean else 1


if __name__ == "__main__":
    raise SystemExit(main())
