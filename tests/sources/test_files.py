"""Pacts in files and directories."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stubserver.sources.document import FailedDocument, PactDocument
from stubserver.sources.files import read_files


@pytest.fixture
def pacts(tmp_path: Path) -> Path:
    """A tree of files with their own names as content."""
    for name in (
        "b.json",
        "a.json",
        "notes.txt",
        "sub/c.json",
        "sub/deeper/d.json",
        "other/e.pact",
        "Z.json",
        "x.JSON",
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return tmp_path


def names(*paths: Path, extension: str = "json", root: Path) -> list[str]:
    """The names of the documents that come from paths; all must be good."""
    found = list(read_files(list(paths), extension))
    assert all(isinstance(item, PactDocument) for item in found)
    contents = [item.content.decode() for item in found if isinstance(item, PactDocument)]
    assert [str(root / content) for content in contents] == [item.origin for item in found]
    return contents


def failure(path: Path, extension: str = "json") -> FailedDocument:
    """The one failure that a path gives."""
    [item] = read_files([path], extension)
    assert isinstance(item, FailedDocument)
    assert item.error.cure
    return item


def test_directory(pacts: Path) -> None:
    """A directory is searched recursively for files with the extension, sorted by path."""
    assert names(pacts, root=pacts) == ["Z.json", "a.json", "b.json", "sub/c.json", "sub/deeper/d.json"]


@pytest.mark.parametrize("extension", ["pact", ".pact"])
def test_extension(pacts: Path, extension: str) -> None:
    """Another extension can be asked for, with or without its dot."""
    assert names(pacts, extension=extension, root=pacts) == ["other/e.pact"]


def test_extension_of_two_parts(pacts: Path) -> None:
    """An extension may have two parts."""
    (pacts / "f.pact.json").write_text("f.pact.json")
    assert names(pacts, extension="pact.json", root=pacts) == ["f.pact.json"]


def test_file_whatever_its_name(pacts: Path) -> None:
    """A file that is named is read whatever its extension."""
    assert names(pacts / "notes.txt", root=pacts) == ["notes.txt"]


def test_order_of_the_paths(pacts: Path) -> None:
    """Paths are read in the order given."""
    paths = [pacts / "sub", pacts / "b.json", pacts / "a.json"]
    assert names(*paths, root=pacts) == ["sub/c.json", "sub/deeper/d.json", "b.json", "a.json"]


def test_twice_the_same(pacts: Path) -> None:
    """A file that is reached twice, by itself, through its directory or through a link, is read once."""
    (pacts / "link.json").symlink_to(pacts / "a.json")
    found = names(pacts / "a.json", pacts / "sub" / ".." / "a.json", pacts / "a.json", root=pacts)
    assert found == ["a.json"]
    found = [item.origin for item in read_files([pacts / "b.json", pacts])]
    assert sorted(Path(origin).name for origin in found) == ["Z.json", "a.json", "b.json", "c.json", "d.json"]
    assert Path(found[0]).name == "b.json"


def test_missing(tmp_path: Path) -> None:
    """A path that is not there is a failure of its own; the others are read."""
    good = tmp_path / "good.json"
    good.write_text("{}")
    missing, found = read_files([tmp_path / "absent.json", good])
    assert isinstance(missing, FailedDocument)
    assert missing.origin == str(tmp_path / "absent.json")
    assert "absent.json" in missing.error.detail
    assert isinstance(found, PactDocument)


def test_directory_without_pacts(tmp_path: Path) -> None:
    """A directory that holds no pact says so, and which extension was sought."""
    (tmp_path / "readme.md").write_text("")
    item = failure(tmp_path)
    assert ".json" in item.error.detail
    assert "--extension" in item.error.cure


def test_directory_named_like_a_file(tmp_path: Path) -> None:
    """A directory whose name has the extension is no document."""
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "folder.json" / "in.json").write_text("{}")
    assert [Path(item.origin).name for item in read_files([tmp_path])] == ["in.json"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable(tmp_path: Path) -> None:
    """A file that may not be read is a failure with a cure."""
    file = tmp_path / "a.json"
    file.write_text("{}")
    file.chmod(0)
    assert "permissions" in failure(file).error.cure


def test_too_large(tmp_path: Path) -> None:
    """A file beyond the limit is not read into memory as a pact."""
    file = tmp_path / "a.json"
    with file.open("wb") as stream:
        stream.truncate((64 << 20) + 1)
    assert "64 MiB" in failure(file).error.detail


def test_empty_file(tmp_path: Path) -> None:
    """An empty file is a document; what it is worth is for others to say."""
    (tmp_path / "a.json").touch()
    [item] = read_files([tmp_path])
    assert isinstance(item, PactDocument)
    assert item.content == b""


def test_links(tmp_path: Path) -> None:
    """A link that leads nowhere, or in circles, is a failure and not the end."""
    (tmp_path / "nowhere.json").symlink_to(tmp_path / "absent")
    (tmp_path / "circle.json").symlink_to(tmp_path / "circle.json")
    assert failure(tmp_path / "nowhere.json").origin.endswith("nowhere.json")
    assert failure(tmp_path / "circle.json").origin.endswith("circle.json")


def test_link_in_circles_within_a_directory(tmp_path: Path) -> None:
    """A directory is read even though a link in it leads in circles."""
    (tmp_path / "good.json").write_text("{}")
    (tmp_path / "circle.json").symlink_to(tmp_path / "circle.json")
    (tmp_path / "up").symlink_to(tmp_path)
    found = list(read_files([tmp_path]))
    assert [Path(item.origin).name for item in found if isinstance(item, PactDocument)] == ["good.json"]


def test_name_that_is_no_name() -> None:
    """A path that no system takes is a failure and not the end."""
    assert "cannot read" in failure(Path("a\x00b.json")).error.detail
