"""Where the time goes: py-spy on the server under each of the first three rows. `make bench-profile`.

`python -m benchmarks.profiles [--seconds 5]` writes results/profile-<row>.txt: the functions with most samples of their
own, then those with most samples including what they call. Only Python is seen; what C does counts for its caller.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from benchmarks.driver import drive, written
from benchmarks.measure import Options, tell, warm
from benchmarks.servers import DRIVER_CORE, Server, pin_this_process, pinned
from benchmarks.speed import BY_SIZE, plans_of, started

RESULTS = Path(__file__).parent / "results"
_TOP = 40
_PER_SECOND = 250


def record(server: Server, plan: Path, seconds: int) -> str:
    """Sampled stacks in the collapsed form: frames, then a count."""
    file = server.folder / "stacks"
    words = [
        *pinned(DRIVER_CORE),
        tool(),
        "record",
        "--pid",
        str(server.process.pid),
        "--format",
        "raw",
        "--nonblocking",
    ]
    words += ["--duration", str(seconds), "--rate", str(_PER_SECOND), "--output", str(file)]
    spy = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    time.sleep(0.5)  # py-spy finds its way about the process before it samples
    drive(server, plan, seconds + 1)
    printed, _ = spy.communicate()
    if spy.returncode or not file.is_file():
        raise SystemExit(f"py-spy could not look at the server (it may need more rights): {printed.decode()[-500:]}")
    return file.read_text()


def tool() -> str:
    """Where py-spy is."""
    found = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if found is None:
        raise SystemExit("py-spy is not installed; it comes with the bench extra")
    return found


def summary(stacks: str) -> str:
    """The functions with most samples."""
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    total = 0
    for line in stacks.splitlines():
        frames, _, count = line.rpartition(" ")
        names = [_without_line(frame) for frame in frames.split(";") if not frame.startswith(" ")]
        if not names:  # a stack that was read while it changed
            continue
        total += int(count)
        own[names[-1]] += int(count)
        whole.update(dict.fromkeys(names, int(count)))
    told = [f"{total} samples"]
    for title, counts in (("own", own), ("with what it calls", whole)):
        told += ["", title, *(f"{count / total:6.1%}  {name}" for name, count in counts.most_common(_TOP))]
    return "\n".join(told) + "\n"


def _without_line(frame: str) -> str:
    """Function and the end of its file, without the line."""
    name, _, place = frame.partition(" (")
    file = place.rstrip(")").rpartition(":")[0] or place.rstrip(")")
    return f"{name} ({'/'.join(Path(file).parts[-2:])})"


def main() -> None:
    """Profile all three rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5)
    seconds = parser.parse_args().seconds
    pin_this_process()
    tool()
    RESULTS.mkdir(exist_ok=True)
    size = Options.main_size
    made = {name: plan for name, plan in plans_of(size).items() if name in BY_SIZE}
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        server = stack.enter_context(started(size, Path(name)))
        warm(server, made.values())
        for each, plan in made.items():
            file = RESULTS / f"profile-{each}.txt"
            with written(plan) as requests:
                file.write_text(summary(record(server, requests, seconds)))
            tell(f"{file.name}: {' · '.join(file.read_text().splitlines()[3:6])}")


if __name__ == "__main__":
    main()
