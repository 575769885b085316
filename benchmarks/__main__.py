"""All that is measured over the wire. `python -m benchmarks [run|show|draw]`.

run   measure (all parts, or those of --parts), print the tables, keep the raw figures and draw the pictures
show  print the tables of an earlier run
draw  draw the pictures of an earlier run
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import draw
from benchmarks.capacity import measure_idle
from benchmarks.latency import measure_misses, measure_paced
from benchmarks.measure import Options, tell
from benchmarks.memory import measure_memory
from benchmarks.peers import measure_peers
from benchmarks.probe import raise_file_limit
from benchmarks.report import show
from benchmarks.scaling import measure_scaling
from benchmarks.servers import pin_this_process
from benchmarks.setting import setting
from benchmarks.speed import measure_options, measure_sizes

RESULTS = Path(__file__).parent / "results"
LATEST = RESULTS / "latest.json"
PARTS: dict[str, Callable[[Options], dict[str, Any]]] = {
    "misses": measure_misses,
    "options": measure_options,
    "paced": measure_paced,
    "idle": measure_idle,
    "speed": measure_sizes,
    "scaling": measure_scaling,
    "memory": measure_memory,
    "peers": measure_peers,
}


def main() -> int:
    """Do what the command line says; 1 when a part could not be measured."""
    given = _arguments()
    if given.command != "run":
        results = json.loads(given.file.read_text())
    else:
        results = measure(given.parts.split(","), _options(given))
        save(results, whole=set(results["parts"]) == set(PARTS))
    if given.command != "draw":
        show(results, markdown=given.markdown)
    if given.command == "draw" or (given.command == "run" and set(results["parts"]) == set(PARTS)):
        drawn = draw.draw_all(results, RESULTS)
        tell(f"drawn: {', '.join(drawn)}" if drawn else "no pictures: matplotlib is not installed (the bench extra)")
    return 1 if results.get("failed") else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="?", choices=["run", "show", "draw"], default="run")
    parser.add_argument(
        "file", nargs="?", type=Path, default=LATEST, help="figures of an earlier run (default: the latest)"
    )
    parser.add_argument("--parts", default=",".join(PARTS), help=f"which parts to run, of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=Options.rounds)
    parser.add_argument("--seconds", type=int, default=Options.seconds, help="of each run of the main rows")
    parser.add_argument("--sizes", default=",".join(map(str, Options.sizes)), help="numbers of interactions")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    given = parser.parse_args()
    unknown = set(given.parts.split(",")) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    return given


def _options(given: argparse.Namespace) -> Options:
    sizes = tuple(sorted(int(size) for size in given.sizes.split(",")))
    main_size = Options.main_size if Options.main_size in sizes else sizes[-1]
    return Options(rounds=given.rounds, seconds=given.seconds, sizes=sizes, main_size=main_size)


def measure(parts: list[str], options: Options) -> dict[str, Any]:
    """All raw figures. A part that goes wrong is told, and does not keep the others from being measured."""
    pin_this_process()
    raise_file_limit()
    results: dict[str, Any] = {"setting": setting(), "parts": [], "given": vars(options), "took": {}, "failed": {}}
    for part, work in PARTS.items():
        if part not in parts:
            continue
        began = time.monotonic()
        results["parts"].append(part)
        try:
            results[part] = work(options)
        except (Exception, SystemExit) as error:  # the other parts took minutes, and are kept
            results["failed"][part] = str(error) or type(error).__name__
            traceback.print_exc()
        results["took"][part] = time.monotonic() - began
    return results


def save(results: dict[str, Any], *, whole: bool) -> None:
    """Keep the raw figures under their date; the latest is the latest of whole runs."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
    names = [f"{time.strftime('%Y-%m-%d-%H%M')}.json", *([LATEST.name] if whole else [])]
    for name in names:
        (RESULTS / name).write_text(text)
        tell(f"raw figures: {RESULTS / name}")


if __name__ == "__main__":
    sys.exit(main())
