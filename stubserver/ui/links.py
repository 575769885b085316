"""Where the pages are."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlencode

from stubserver.catalog import ALL, Address
from stubserver.store import LATEST, Selector

ALL_PATH = "/all/stub"  # below which the pages of the stub of all pacts are


class Links:
    """The paths of pages. Those of a stub are the path of the stub itself below the root of the pages."""

    def __init__(self, prefix: str, control: str, path_of: Callable[[Address], str]) -> None:
        """`prefix` is what a proxy has before all paths, `control` the prefix of what is ours, `path_of` tells the base
        path of a stub.
        """
        self.prefix = prefix
        self.control = prefix + control
        self.root = f"{self.control}/ui"
        self._path_of = path_of

    def page(self, name: str = "", **query: str | int | None) -> str:
        """A page by its name."""
        return f"{self.root}/{name}{_query(query)}"

    def base(self, address: Address) -> str:
        """The path of the stub itself, as a browser asks for it."""
        return self.prefix + self._path_of(address)

    def stub(self, address: Address, tail: str = "", **query: str | int | None) -> str:
        """The pages of a stub."""
        return self.root + self._below(address) + tail + _query(query)

    def interaction(self, address: Address, interaction_id: str, tail: str = "") -> str:
        """The page of an interaction."""
        return self.stub(address, f"/interactions/{quote(interaction_id, safe='')}{tail}")

    def export(self, address: Address, name: str) -> str:
        """A stub in the format of another tool."""
        return f"{self.control}/export{self._below(address)}/{name}"

    def integration(self, consumer: str, provider: str, tail: str = "", **query: str | int | None) -> str:
        """The pages about all versions of an integration."""
        names = f"{quote(provider, safe='')}/{quote(consumer, safe='')}"
        return f"{self.root}/integrations/{names}{tail}{_query(query)}"

    def provider(self, provider: str, selector: Selector = LATEST) -> str:
        """What all consumers use of a provider."""
        return self.stub(Address(provider, None, selector), "/usage")

    def static(self, name: str, version: str) -> str:
        """A file beside the pages."""
        return f"{self.root}/static/{name}?v={version}"

    def _below(self, address: Address) -> str:
        return ALL_PATH if address == ALL else self._path_of(address)


def _query(query: dict[str, str | int | None]) -> str:
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return f"?{urlencode(given)}" if given else ""
