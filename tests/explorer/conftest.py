"""The pages of a server, hosted or of files."""

from __future__ import annotations

from tests.fleet.conftest import make_host
from tests.hosted.conftest import host

__all__ = ["host", "make_host"]
