"""What is served: an immutable snapshot of all loaded pacts, replaced as a whole."""

from stubserver.catalog.catalog import Catalog
from stubserver.catalog.hot import LONGEST_BODY, Decisions, HotCache
from stubserver.catalog.snapshot import Address, LoadedPact, Snapshot, Stub

__all__ = ["LONGEST_BODY", "Address", "Catalog", "Decisions", "HotCache", "LoadedPact", "Snapshot", "Stub"]
