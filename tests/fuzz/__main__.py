"""`python -m tests.fuzz TARGET [options of libFuzzer]`, such as `-max_total_time=60 -timeout=5 -rss_limit_mb=1024`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["matching", "python_multipart", "rstr"]):
    from tests.fuzz.targets import SEEDS, TARGETS


def main() -> None:
    """Feed one target until its time is over or it fails."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"name a target: {', '.join(TARGETS)}")
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(SEEDS.get(sys.argv[1], ())):
            Path(corpus, str(number)).write_bytes(seed)
        atheris.Setup([sys.argv[0], *sys.argv[2:], corpus], TARGETS[sys.argv[1]])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
