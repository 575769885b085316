"""Documents from files and URLs: read, served together with what was published, and read again when they change."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import structlog

from matching import Problem, Severity
from stubserver.catalog import Catalog, HostedCatalog, LoadedPact, Snapshot, pact_version_path
from stubserver.catalog.contract import Contract, contract_of, name_in, read_document
from stubserver.catalog.names import FILE_VERSION, name_problem
from stubserver.catalog.publish import publish_documents
from stubserver.errors import LoadError, SourceError, StubServerError
from stubserver.settings import Settings
from stubserver.sources.document import FailedDocument, Yielded
from stubserver.sources.files import read_files
from stubserver.sources.remote import Access, Remote
from stubserver.sources.watch import changes
from stubserver.store import Publication, pacts
from stubserver.web.addressing import is_control

log: structlog.stdlib.BoundLogger = structlog.get_logger()


_Key = tuple[str, str, str]  # consumer, provider and version of a document in the store


class Documents:
    """What the sources of the settings hold, served through the catalog."""

    def __init__(self, settings: Settings, catalog: Catalog, hosted: HostedCatalog) -> None:
        self._settings = settings
        self._catalog = catalog
        self._hosted = hosted
        self._fetched: list[Yielded] = []
        self._documents: list[tuple[str, bytes | Problem]] = []
        self._in_store: set[_Key] = set()  # documents that are in the store
        self._coming: set[_Key] = set()  # documents that are being put there
        self._is_in_store = False
        self._importing = asyncio.Lock()
        self._serving = asyncio.Lock()

    async def load(self) -> Snapshot:
        """Read every source and serve what they hold. Raises LoadError when loading is strict and anything is wrong."""
        self._fetched = await self._fetch()
        return await self.reload()

    async def reload(self) -> Snapshot:
        """Read the files again and serve what they hold, with what the remote sources gave before. Raises as `load`."""
        settings = self._settings
        documents = await asyncio.to_thread(lambda: list(read_files(self.watched_paths(), settings.extension)))
        contents = [(item.origin, _content_of(item)) for item in (*documents, *self._fetched)]
        snapshot = await self._serve(contents)
        if self._is_in_store:
            await self._put_anew()
        for interaction in snapshot.root.interactions:
            if is_control(interaction.recorded_path):
                log.warning(
                    "an interaction's path is ours; it answers only at the addresses of its stubs",
                    path=interaction.recorded_path,
                )
        return snapshot

    def content_of(self, origin: str) -> bytes | None:
        """The bytes of a document that is served."""
        for known, content in self._documents:
            if known == origin:
                return content if isinstance(content, bytes) else None
        return None

    async def put_into_store(self) -> None:
        """Put the documents into the store, for those who read it through the API. Done when that is first asked for,
        since it takes a while with thousands of them.
        """
        if not self._is_in_store:
            await self._put_anew()

    async def _put_anew(self) -> None:
        """Bring what is in the store of documents to what the documents are now."""
        async with self._importing:
            contracts = await asyncio.to_thread(lambda: list(_contracts_of(self._documents)))
            wanted = {(item.consumer, item.provider, _version_of(item)): item for item in contracts}
            if wanted.keys() != self._in_store:
                self._coming = set(wanted)  # known as documents as soon as they are there
                try:
                    async with self._hosted.writing() as connection:
                        await self._replace(connection, wanted)
                    self._in_store = set(wanted)
                finally:
                    self._coming = set()
            self._is_in_store = True

    async def _replace(self, connection: Any, wanted: Mapping[_Key, Contract]) -> None:
        """Remove what no document is any more from the store, and publish what is new."""
        for consumer, provider, version in self._in_store - wanted.keys():
            earlier = await pacts.find(connection, consumer, provider, version)
            if earlier is not None:
                await pacts.remove(connection, earlier)
        new = [(key[2], contract) for key, contract in wanted.items() if key not in self._in_store]
        await publish_documents(connection, new)

    async def serve_published(self) -> None:
        """Serve what was published since, or no longer what was removed."""
        known = {entry.origin for entry in self._catalog.current.pacts}
        if await self._published() or not known <= {origin for origin, _ in self._documents}:
            try:
                await self._serve()
            except LoadError as error:  # it is stored, and served at its own addresses
                log.error("what was published is not served at /", reason=str(error))

    async def _serve(self, documents: list[tuple[str, bytes | Problem]] | None = None) -> Snapshot:
        """Serve documents (those of before, if none are given), and what was published beside them; of the same
        consumer and provider, what came last.
        """
        async with self._serving:
            documents = self._documents if documents is None else documents
            published = await self._published()
            replaced = {(item.consumer, item.provider) for item in published}
            kept = documents
            if replaced:
                kept = await asyncio.to_thread(lambda: [item for item in documents if _pair_of(item) not in replaced])
            served = [*kept, *((pact_version_path(item), content) for item, content in published.items())]
            snapshot = await asyncio.to_thread(self._publish, served)
            self._documents = documents
            return snapshot

    async def _published(self) -> dict[Publication, bytes]:
        """The contents of the latest publications, where those are no documents."""
        async with self._hosted.database.reading() as connection:
            latest = await pacts.choose(connection)
            found = [item for item in latest if not self._is_document(item)]
            contents = await pacts.contents_of(connection, [item.sha for item in found])
        return {item: contents[item.sha] for item in found}

    def _is_document(self, item: Publication) -> bool:
        return (item.consumer, item.provider, item.version) in self._in_store | self._coming

    def _publish(self, contents: list[tuple[str, bytes | Problem]]) -> Snapshot:
        """Publish without the garbage collector, which finds nothing in what pacts are compiled into, and keep it from
        ever looking at it again: with many interactions, one look stops the server for a noticeable time.
        """
        gc.disable()
        try:
            return self._catalog.publish(contents)
        finally:
            gc.freeze()
            gc.enable()

    async def _fetch(self) -> list[Yielded]:
        settings = self._settings
        urls = [path for path in settings.paths if _is_url(path)] + settings.url
        if not urls and settings.broker_url is None:
            return []
        access = Access(
            token=settings.token.get_secret_value() if settings.token else None,
            user=settings.user.get_secret_value() if settings.user else None,
            insecure_tls=settings.insecure_tls,
            retries=settings.retries,
        )
        async with Remote(access) as remote:
            documents: list[Yielded] = list(await asyncio.gather(*(remote.read(url) for url in urls)))
            if settings.broker_url is not None:
                found = remote.read_broker(settings.broker_url, settings.consumer_name, settings.provider_name)
                documents += [document async for document in found]
        return documents

    def watched_paths(self) -> list[Path]:
        """The files and directories that pacts come from."""
        settings = self._settings
        return [Path(path) for path in (*settings.paths, *settings.file, *settings.dir) if not _is_url(path)]

    def watch(self) -> asyncio.Task[None]:
        """Read the files again whenever they change, until the task is cancelled."""
        watcher = asyncio.create_task(self._watch())
        watcher.add_done_callback(_tell_end_of_watch)
        return watcher

    async def _watch(self) -> None:
        async for changed in changes(self.watched_paths(), self._settings.extension):
            names = sorted(str(path) for path in changed)
            earlier = set(map(id, self._catalog.current.pacts))
            try:
                snapshot = await self.reload()
            except StubServerError as error:
                log.error("reload refused; the earlier pacts are still served", files=names, reason=str(error))
            except Exception:  # a mistake of ours must not end the watch
                log.exception("reload failed; the earlier pacts are still served", files=names)
            else:
                log.info("reloaded", files=names, interactions=len(snapshot.root.interactions))
                log_documents(entry for entry in snapshot.pacts if id(entry) not in earlier)


def log_documents(entries: Iterable[LoadedPact]) -> None:
    """Tell of each document what of it is not served, and why."""
    for entry in entries:
        problems = [str(problem) for problem in entry.problems if problem.severity is not Severity.NOTE]
        if entry.stale:
            log.error("a pact is broken; its earlier reading is still served", file=entry.origin, problems=problems)
        elif entry.pact is None:
            log.error("pact not read", file=entry.origin, problems=problems)
        elif problems or entry.pact.skipped:
            log.warning("not all of a pact is served", file=entry.origin, skipped=entry.skip_reasons, problems=problems)


def _content_of(item: Yielded) -> bytes | Problem:
    if isinstance(item, FailedDocument):
        return Problem(Severity.ERROR, "", item.error.detail, item.error.cure)
    return item.content


def _tell_end_of_watch(watcher: asyncio.Task[None]) -> None:
    if not watcher.cancelled() and (error := watcher.exception()) is not None:
        log.error("files are no longer watched", reason=str(error) or type(error).__name__)


def _is_url(path: str) -> bool:
    return path.startswith(("http://", "https://"))


def demand_sources(settings: Settings) -> None:
    """Raises SourceError when the settings name nothing to load."""
    if not settings.names_sources:
        cure = "name pact files, directories or URLs: stubserver serve pacts/"
        raise SourceError("there is nothing to serve", cure)


def _version_of(contract: Contract) -> str:
    """The consumer version that a document is in the store."""
    return f"{FILE_VERSION}{contract.sha[:12]}"


def _pair_of(document: tuple[str, bytes | Problem]) -> tuple[str, str] | None:
    """Consumer and provider that a document names."""
    for contract in _contracts_of([document]):
        return contract.consumer, contract.provider
    return None


def _contracts_of(documents: Iterable[tuple[str, bytes | Problem]]) -> Iterable[Contract]:
    """Those of the documents that name consumer and provider."""
    for _, content in documents:
        if isinstance(content, Problem):
            continue
        try:
            document = read_document(content)
        except StubServerError:
            continue
        consumer, provider = name_in(document, "consumer"), name_in(document, "provider")
        if name_problem(consumer) is None and name_problem(provider) is None:
            yield contract_of(document, str(consumer), str(provider))
