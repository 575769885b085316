"""Settings: options before environment before file before defaults, and errors that name the setting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stubserver.app import Server
from stubserver.settings import Settings, SettingsError, load_settings

SECRET = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to be in, and no settings in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"STUBSERVER_{name.upper()}", raising=False)
    monkeypatch.delenv("STUBSERVER_CONFIG", raising=False)
    return tmp_path


def refused(**options: Any) -> SettingsError:
    """The error that these options give."""
    with pytest.raises(SettingsError) as error:
        load_settings(options)
    assert error.value.cure
    return error.value


def test_defaults() -> None:
    """Without anything said, the defaults are those of the documentation."""
    settings = load_settings({})
    assert (settings.host, settings.port, settings.extension, settings.retries) == ("127.0.0.1", 8080, "json", 8)
    assert (settings.order, settings.no_match_status, settings.near_misses) == ("specific", 500, 3)
    assert (settings.lenient, settings.watch, settings.strict_load, settings.head) == (False, False, False, False)
    assert (settings.cors, settings.stateless, settings.max_body) == (True, True, 10 << 20)


def test_precedence(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An option beats the environment, which beats the file, which beats the default."""
    (nowhere / "stubserver.toml").write_text('port = 1001\nhost = "1.1.1.1"\norder = "file"\n')
    monkeypatch.setenv("STUBSERVER_PORT", "1002")
    monkeypatch.setenv("STUBSERVER_HOST", "2.2.2.2")
    settings = load_settings({"port": 1003})
    assert (settings.port, settings.host, settings.order, settings.log_format) == (1003, "2.2.2.2", "file", "text")


_WORDS = {
    "order": "status",
    "loglevel": "warn",
    "log_format": "json",
    "clock": "now",
    "auth": "token",
    "base_url": "https://stubs.example.com/a",
    "trusted_proxy": "10.0.0.0/8, ::1",
    "max_body": "2048",
    "room": "1048576",
}


def test_every_setting_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every setting has an environment variable; lists are separated by commas."""
    for name, field in Settings.model_fields.items():
        value = _WORDS.get(name)
        if value is None:
            kind = str(field.annotation)
            value = "a, b ,c" if "list" in kind else "1" if "bool" in kind else "500" if "no_match" in name else "7"
        monkeypatch.setenv(f"STUBSERVER_{name.upper()}", value)
    settings = load_settings({})
    assert settings.paths == settings.file == settings.consumer_name == ["a", "b", "c"]
    assert (settings.watch, settings.port, settings.max_body, settings.order) == (True, 7, 2048, "status")
    assert settings.token is not None
    assert settings.token.get_secret_value() == "7"


def test_lists_in_the_file(nowhere: Path) -> None:
    """A list in the file is a TOML list."""
    (nowhere / "stubserver.toml").write_text('paths = ["a,b", "c"]\nconsumer_name = ["^web$"]\n')
    settings = load_settings({})
    assert (settings.paths, settings.consumer_name) == (["a,b", "c"], ["^web$"])


def test_named_file(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """STUBSERVER_CONFIG names another file; the one here is then not read."""
    (nowhere / "stubserver.toml").write_text("port = 1001\n")
    (nowhere / "other.toml").write_text('host = "1.1.1.1"\n')
    monkeypatch.setenv("STUBSERVER_CONFIG", str(nowhere / "other.toml"))
    settings = load_settings({})
    assert (settings.port, settings.host) == (8080, "1.1.1.1")


def test_named_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A named file that is missing is an error, not nothing."""
    monkeypatch.setenv("STUBSERVER_CONFIG", "absent.toml")
    assert "absent.toml" in refused().detail


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 65536),
        ("port", -1),
        ("port", "many"),
        ("retries", 21),
        ("retries", -1),
        ("no_match_status", 200),
        ("no_match_status", 600),
        ("near_misses", 0),
        ("max_body", 1),
        ("order", "random"),
        ("loglevel", "loud"),
        ("log_format", "xml"),
        ("clock", "yesterday"),
        ("clock", "2026-02-30"),
        ("clock", "10:00"),
        ("clock", ""),
        ("clock", "0001-01-01"),
        ("watch", "perhaps"),
        ("host", 5),
        ("paths", 5),
        ("paths", [5]),
        ("token", 5),
    ],
)
def test_wrong_values(name: str, value: Any) -> None:
    """A value that cannot be used is refused, and the setting is named."""
    assert name in refused(**{name: value}).detail


def test_every_wrong_setting_is_named() -> None:
    """All that is wrong is said at once."""
    detail = refused(port=-1, order="x", near_misses=99).detail
    assert all(name in detail for name in ("port", "order", "near_misses"))


def test_unknown_settings(nowhere: Path) -> None:
    """A name that is not a setting is refused, in the file too."""
    assert "prot" in refused(prot=1).detail
    (nowhere / "stubserver.toml").write_text("prot = 8081\n")
    assert "prot" in refused().detail


@pytest.mark.parametrize(
    "content",
    [
        b"port = ",
        b"port 8080",
        b"\xff\xfe",
        b"port = 1\nport = 2",
        b"[stubserver\n",
        b"port = 'a'",
        b"[server]\nport = 1",
    ],
)
def test_broken_file(nowhere: Path, content: bytes) -> None:
    """A file that is no TOML, or not ours, is refused with its name or that of the setting."""
    (nowhere / "stubserver.toml").write_bytes(content)
    detail = refused().detail
    assert "stubserver.toml" in detail or "port" in detail or "server" in detail


def test_secrets_never_show(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong, the value of a secret is in no message and in no text of the settings."""
    settings = load_settings({"token": SECRET, "user": f"me:{SECRET}"})
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    for wrong in ({"port": -1}, {"order": "x"}, {"unknown": 1}):
        assert SECRET not in str(refused(token=SECRET, user=SECRET, **wrong))
    assert SECRET not in str(refused(token=[SECRET]))
    assert SECRET not in str(refused(token={"value": SECRET}))
    assert SECRET not in str(refused(user=SECRET.encode() * 2, port=SECRET))
    monkeypatch.setenv("STUBSERVER_TOKEN", SECRET)
    monkeypatch.setenv("STUBSERVER_PORT", SECRET)
    assert SECRET not in str(refused())
    monkeypatch.delenv("STUBSERVER_PORT")
    for content in (f'token = "{SECRET}', f'token = ["{SECRET}"]', f'tokn = "{SECRET}"', f"token = {SECRET}"):
        (nowhere / "stubserver.toml").write_text(content)
        monkeypatch.delenv("STUBSERVER_TOKEN", raising=False)
        assert SECRET not in str(refused()), content


@pytest.mark.parametrize("pattern", ["(", "[", "*", "(?<=a)b"])
def test_provider_state_that_is_no_pattern(pattern: str) -> None:
    """A provider state that is no pattern is refused before anything is loaded."""
    with pytest.raises(SettingsError) as error:
        Server(load_settings({"provider_state": pattern}))
    assert "provider_state" in error.value.detail
    assert error.value.cure


def test_every_setting_is_described() -> None:
    """Every setting has a description."""
    assert all(field.description for field in Settings.model_fields.values())
