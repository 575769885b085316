"""Files change while they are served."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.conftest import Running, Serve, http_pact


def pact(status: int, path: str = "/x", consumer: str = "web") -> str:
    """A pact whose only interaction answers GET `path` with a status that identifies it."""
    interaction = {"description": path, "request": {"path": path}, "response": {"status": status}}
    return json.dumps(http_pact(interaction, consumer=consumer))


async def eventually(running: Running, path: str, status: int) -> None:
    """Wait until GET `path` is answered with a status."""
    async with asyncio.timeout(6):
        while (await running.get(path))[0] != status:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def broken(running: Running) -> list[str]:
    """Wait until something is broken; the names of what is."""
    async with asyncio.timeout(6):
        while not (found := json.loads((await running.get("/_stubserver/ready"))[2])["broken"]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return [Path(origin).name for origin in found]


@pytest.fixture
async def directory(tmp_path: Path) -> Path:
    folder = tmp_path / "pacts"
    folder.mkdir()
    (folder / "a.json").write_text(pact(201))
    return folder


async def watched(serve: Serve, *paths: Path) -> Running:
    running = await serve(*paths, watch=True)
    await asyncio.sleep(0.3)  # the watch begins in a thread of its own
    return running


async def test_a_changed_file_is_loaded(serve: Serve, directory: Path) -> None:
    """A change in a watched directory is served."""
    running = await watched(serve, directory)
    assert (await running.get("/x"))[0] == 201
    (directory / "a.json").write_text(pact(202))
    await eventually(running, "/x", 202)


async def test_a_changed_file_by_name(serve: Serve, directory: Path) -> None:
    """A change of a file that was named is served; changes of its neighbours are not looked at."""
    running = await watched(serve, directory / "a.json")
    (directory / "b.json").write_text(pact(299, "/y"))
    (directory / "a.json").write_text(pact(202))
    await eventually(running, "/x", 202)
    assert (await running.get("/y"))[0] == 500


async def test_files_come_and_go(serve: Serve, directory: Path) -> None:
    """New files, files in new folders and removed files of a directory are noticed."""
    running = await watched(serve, directory)
    (directory / "b.json").write_text(pact(203, "/y"))
    await eventually(running, "/y", 203)
    (directory / "sub").mkdir()
    await asyncio.sleep(0.2)
    (directory / "sub" / "c.json").write_text(pact(204, "/z"))
    await eventually(running, "/z", 204)
    (directory / "b.json").unlink()
    await eventually(running, "/y", 500)
    assert (await running.get("/x"))[0] == 201


@pytest.mark.parametrize("named", [True, False])
async def test_a_file_replaced_as_editors_do(serve: Serve, directory: Path, named: bool) -> None:
    """A file that is written aside and moved into place is noticed, again and again."""
    running = await watched(serve, directory / "a.json" if named else directory)
    for status in (202, 203, 204):
        aside = directory / ".a.json.swp"
        aside.write_text(pact(status))
        os.replace(aside, directory / "a.json")
        await eventually(running, "/x", status)


async def test_a_broken_change_keeps_the_earlier_reading(
    serve: Serve, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A change that breaks a pact is said aloud, and its earlier reading is served until it is mended."""
    running = await watched(serve, directory)
    (directory / "a.json").write_text('{"interactions": [')
    assert await broken(running) == ["a.json"]
    assert (await running.get("/x"))[0] == 201
    [document] = json.loads((await running.get("/_stubserver/pacts"))[2])["pacts"]
    assert document["stale"] is True
    assert document["problems"][0]["severity"] == "error"
    await asyncio.sleep(0.05)
    said = capsys.readouterr()
    assert "a pact is broken" in said.out + said.err
    assert "a.json" in said.out + said.err
    (directory / "a.json").write_text(pact(202))
    await eventually(running, "/x", 202)
    assert json.loads((await running.get("/_stubserver/ready"))[2])["broken"] == []


async def test_a_deleted_file_by_name(serve: Serve, directory: Path) -> None:
    """A file that was named and is deleted is served as it was, marked stale, until it comes back."""
    running = await watched(serve, directory / "a.json")
    (directory / "a.json").unlink()
    assert await broken(running) == ["a.json"]
    assert (await running.get("/x"))[0] == 201
    (directory / "a.json").write_text(pact(202))
    await eventually(running, "/x", 202)


async def test_strict_refuses_a_broken_change(
    serve: Serve, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Strict: a broken change is refused as a whole, said aloud, and all stays as it was."""
    running = await serve(directory, watch=True, strict_load=True)
    await asyncio.sleep(0.3)
    before = running.server.catalog.current
    (directory / "a.json").write_text("{")
    said = ""
    async with asyncio.timeout(10):
        while "reload refused" not in said:
            await asyncio.sleep(0.05)
            captured = capsys.readouterr()
            said += captured.out + captured.err
    assert running.server.catalog.current is before
    (directory / "a.json").write_text(pact(202))
    await eventually(running, "/x", 202)


async def test_other_files_do_not_matter(serve: Serve, directory: Path) -> None:
    """Files with another extension do not make anything load again."""
    running = await watched(serve, directory)
    before = running.server.catalog.current
    (directory / "notes.txt").write_text("x")
    await asyncio.sleep(1)
    assert running.server.catalog.current is before


async def test_a_link_that_is_pointed_elsewhere(serve: Serve, tmp_path: Path) -> None:
    """A named file behind a link is loaded again when the link is pointed elsewhere, as mounted configuration does."""
    for version, status in (("v1", 201), ("v2", 202)):
        (tmp_path / version).mkdir()
        (tmp_path / version / "a.json").write_text(pact(status))
    mount = tmp_path / "mount"
    mount.mkdir()
    (mount / "data").symlink_to(tmp_path / "v1")
    (mount / "a.json").symlink_to(Path("data") / "a.json")
    running = await watched(serve, mount / "a.json")
    assert (await running.get("/x"))[0] == 201
    (mount / "next").symlink_to(tmp_path / "v2")
    os.replace(mount / "next", mount / "data")
    async with asyncio.timeout(4):
        await eventually(running, "/x", 202)


async def test_a_file_that_is_not_there_yet(serve: Serve, directory: Path) -> None:
    """A named file that does not exist yet is loaded when it appears."""
    running = await watched(serve, directory / "a.json", directory / "later.json")
    (directory / "later.json").write_text(pact(205, "/later"))
    await eventually(running, "/later", 205)


async def test_a_folder_that_is_not_there(serve: Serve, directory: Path) -> None:
    """A named file in a folder that does not exist does not end the watch of the others."""
    running = await watched(serve, directory, directory.parent / "absent" / "b.json")
    (directory / "a.json").write_text(pact(202))
    await eventually(running, "/x", 202)


async def test_a_directory_made_again(serve: Serve, directory: Path) -> None:
    """A directory that is removed and made again is watched as before."""
    running = await watched(serve, directory)
    shutil.rmtree(directory)
    await asyncio.sleep(0.3)
    directory.mkdir()  # noqa: ASYNC240
    for status in (202, 203):
        (directory / "a.json").write_text(pact(status))
        await eventually(running, "/x", status)


async def test_a_change_says_what_is_not_served(serve: Serve, directory: Path) -> None:
    """A new file that is broken, and one that is skipped in part, are named in the log."""
    with structlog.testing.capture_logs() as events:
        running = await watched(serve, directory)
        (directory / "broken.json").write_text("{")
        assert await broken(running) == ["broken.json"]
        odd = http_pact({"request": {"method": 5}})
        (directory / "odd.json").write_text(json.dumps(odd))
        (directory / "a.json").write_text(pact(204))
        await eventually(running, "/x", 204)
    told = {Path(event["file"]).name: event for event in events if "file" in event}
    assert told["broken.json"]["event"] == "pact not read"
    assert "method" in str(told["odd.json"]["skipped"])


async def test_a_change_of_a_file_leaves_remote_pacts(
    serve: Serve, directory: Path, aiohttp_server: Callable[..., Awaitable[TestServer]]
) -> None:
    """A changed file is loaded without fetching anything: a remote source that is gone by then takes nothing away."""
    fetched = 0

    async def remote_pact(request: web.Request) -> web.Response:
        nonlocal fetched
        fetched += 1
        return web.Response(text=pact(299, "/remote", consumer="other"))

    application = web.Application()
    application.router.add_get("/remote.json", remote_pact)
    remote = await aiohttp_server(application)
    running = await serve(directory, url=[str(remote.make_url("/remote.json"))], watch=True)
    await asyncio.sleep(0.3)
    await remote.close()
    (directory / "a.json").write_text(pact(202))
    await eventually(running, "/x", 202)
    assert (await running.get("/remote"))[0] == 299
    assert fetched == 1
