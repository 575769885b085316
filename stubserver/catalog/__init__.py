"""What is served: an immutable snapshot of all loaded pacts, replaced as a whole."""

from stubserver.catalog.catalog import Catalog
from stubserver.catalog.hot import Decisions
from stubserver.catalog.snapshot import Address, LoadedPact, Snapshot, Stub

__all__ = ["Address", "Catalog", "Decisions", "LoadedPact", "Snapshot", "Stub"]
