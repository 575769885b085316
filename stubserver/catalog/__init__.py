"""What is served: pacts that were loaded, replaced as a whole, and pacts that were published, loaded when asked for."""

from stubserver.catalog.board import Board, board_memory
from stubserver.catalog.catalog import Catalog
from stubserver.catalog.hosted import Epoch, HostedCatalog, HostedOptions
from stubserver.catalog.hot import LONGEST_BODY, Decisions, HotCache, Kept
from stubserver.catalog.resolutions import Resolution
from stubserver.catalog.resolve import pact_version_path
from stubserver.catalog.snapshot import ALL, Address, LoadedPact, Snapshot, Stub

__all__ = [
    "ALL",
    "LONGEST_BODY",
    "Address",
    "Board",
    "Catalog",
    "Decisions",
    "Epoch",
    "HostedCatalog",
    "HostedOptions",
    "HotCache",
    "Kept",
    "LoadedPact",
    "Resolution",
    "Snapshot",
    "Stub",
    "board_memory",
    "pact_version_path",
]
