"""The tests of connections against every version of aiohttp that is supported: `python -m tests.every_aiohttp`.

Each version is installed by itself into a folder that is thrown away, and put before all else that is installed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]
TESTS = ("tests/web/test_connections.py", "tests/web/test_plain_lines.py", "tests/web/test_stub_door.py")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq")


def supported() -> SpecifierSet:
    """The range of versions that pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements = map(Requirement, project["dependencies"])
    return next(requirement.specifier for requirement in requirements if requirement.name == "aiohttp")


def versions() -> list[str]:
    """The versions in that range that can be had, oldest first."""
    told = subprocess.run([*PIP[:-1], "index", "versions", "aiohttp"], capture_output=True, text=True, check=True)
    listed = re.search(r"^Available versions: (.*)$", told.stdout, re.MULTILINE)
    if listed is None:
        sys.exit(f"pip lists no versions of aiohttp:\n{told.stdout}")
    return list(supported().filter(reversed(listed[1].split(", "))))


def outcome(version: str, arguments: list[str]) -> tuple[int, str]:
    """How the tests end with a version: exit code and summary, or all that was printed when they failed."""
    with tempfile.TemporaryDirectory(prefix="aiohttp-") as folder:
        install = [*PIP, "install", "--no-deps", "--only-binary=:all:", "--target", folder, f"aiohttp=={version}"]
        subprocess.run(install, check=True)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([folder, str(ROOT)])}
        check = f"import aiohttp; assert aiohttp.__version__ == {version!r}, aiohttp.__version__"
        subprocess.run([sys.executable, "-c", check], env=environment, check=True)
        command = [sys.executable, "-m", "pytest", "--show-capture=no", "--tb=short", *arguments]
        ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    lines = ended.stdout.splitlines()
    return ended.returncode, lines[-1] if lines and ended.returncode == 0 else ended.stdout + ended.stderr


def main() -> int:
    """Run them; the number of versions with which they fail."""
    failed = 0
    for version in versions():
        began = time.monotonic()
        code, told = outcome(version, sys.argv[1:] or list(TESTS))
        failed += code != 0
        print(
            f"aiohttp {version}: {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s: {told}",
            flush=True,
        )
    return failed


if __name__ == "__main__":
    sys.exit(main())
