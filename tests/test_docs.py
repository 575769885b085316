"""The documentation tells the truth: settings are complete, README shows what its commands do, links lead somewhere."""

from __future__ import annotations

import asyncio
import re
import tomllib
from pathlib import Path

import pytest

import stubserver
from stubserver.settings import Settings
from stubserver.store import Kind
from stubserver.web.addressing import CONTROL_PREFIX, parse_address
from stubserver.web.control import ROUTES
from tests.conftest import Serve

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def test_every_setting_is_documented() -> None:
    """docs/settings.md has a row for each setting, with its variable, default and description as they are."""
    page = (ROOT / "docs" / "settings.md").read_text()
    rows = {row.split("`")[1]: row for row in page.splitlines() if row.startswith("| `")}
    assert set(rows) == set(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        assert f"`STUBSERVER_{name.upper()}`" in rows[name]
        assert field.description
        assert field.description in rows[name]
        if field.default not in (None, [], ""):
            default = ",".join(field.default) if isinstance(field.default, list) else str(field.default)
            assert f"`{default.lower() if isinstance(field.default, bool) else default}`" in rows[name]


def test_every_control_route_is_in_the_readme() -> None:
    """The table of control endpoints names every route."""
    for _, path, _, _ in ROUTES:
        assert path == "/" or path in README, path
    assert CONTROL_PREFIX in README


def test_links_in_the_documentation_lead_somewhere() -> None:
    """Relative links of the pages at the top and in docs/ point to files that exist."""
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_changelog_speaks_of_this_version() -> None:
    """A released version has its own heading; until then there is an Unreleased one."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert "## [Unreleased]" in changelog or f"## [{stubserver.__version__}]" in changelog
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dynamic"] == ["version"]


COMMANDS = re.findall(r"^\$ (curl (?:.*\\\n)*.*)\n((?:(?!^\$ |^```).*\n)*)", README, re.MULTILINE)


@pytest.mark.parametrize(("command", "shown"), COMMANDS, ids=[command[:40] for command, _ in COMMANDS])
async def test_readme_commands_do_what_it_shows(serve: Serve, command: str, shown: str) -> None:
    """Each curl command of README, run against the example pacts, prints the lines that stand below it."""
    running = await serve(ROOT / "examples" / "pacts")
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", command.replace("http://127.0.0.1:8080", running.url).replace("curl ", "curl -s ", 1),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed = (await process.communicate())[0].decode().replace("\r", "")
    assert process.returncode == 0
    lines = [line for line in shown.splitlines() if line.strip()]
    assert lines
    for line in lines:
        for piece in line.replace(str(ROOT) + "/", "").split("…"):
            piece = piece.strip().replace("http://127.0.0.1:8080", running.url)
            assert piece in printed.replace(str(ROOT) + "/", ""), printed


def test_readme_shows_commands() -> None:
    """The pattern above finds the commands."""
    assert len(COMMANDS) >= 3


# What docs/hosting.md says of each form of address, and what it has to be.
FORMS = {
    "the latest pact": Kind.LATEST,
    "the latest with a tag": Kind.TAG,
    "the latest without any tag": Kind.UNTAGGED,
    "the latest of a branch": Kind.BRANCH,
    "the latest of the consumer's main branch": Kind.MAIN_BRANCH,
    "that of a consumer version": Kind.VERSION,
    "the same, as PactFlow's documentation has it": Kind.VERSION,
    "those deployed to or released in an environment": Kind.ENVIRONMENT,
    "that with a content": Kind.PACT_VERSION,
    "the latest of all consumers of a provider": Kind.LATEST,
    "all consumers that are in an environment": Kind.ENVIRONMENT,
}


def test_every_form_of_address_is_documented() -> None:
    """docs/hosting.md has a row for each form of address, and each is what it says; no way to select is left out."""
    page = (ROOT / "docs" / "hosting.md").read_text()
    rows = dict(re.findall(r"^\| `(/\S*/stub)` \| (.*) \|$", page, re.MULTILINE))
    rows.pop("/providers/{P}/{…}/stub")
    assert sorted(rows.values()) == sorted(FORMS)
    for path, meaning in rows.items():
        parsed = parse_address(re.sub(r"[{}]", "", path) + "/orders")
        assert parsed is not None, path
        assert parsed[0].selector.kind is FORMS[meaning], path
    assert set(FORMS.values()) == set(Kind) - {Kind.DEPLOYED, Kind.RELEASED, Kind.DEPLOYED_OR_RELEASED}
