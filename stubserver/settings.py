"""Settings: from options, then the environment (`STUBSERVER_*`), then a TOML file, then these defaults."""

from __future__ import annotations

import ipaddress
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from yarl import URL

from stubserver.errors import StubServerError

_RETRIES = "PACT_BROKER_HTTP_RETRIES"  # as pact-stub-server calls it
DEFAULT_CONFIG_FILE = "stubserver.toml"


class SettingsError(StubServerError):
    """A setting that cannot be used."""

    title = "Bad setting"
    slug = "bad-setting"


def _split(value: Any) -> Any:
    """Lists in the environment are separated by commas."""
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


def _stripped(value: Any) -> Any:
    """A credential as it was meant: files and variables often end it with a line break."""
    return value.strip() if isinstance(value, str) else value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is not a regular expression: {error}") from None
    return value


def _moment(value: str) -> str:
    if value not in ("today", "now"):
        try:
            datetime.fromisoformat(value).astimezone()
        except (ValueError, OverflowError):
            raise ValueError(f"{value!r} is neither today, now, nor a moment like 2026-02-28T10:00:00Z") from None
    return value


def _network(value: str) -> str:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise ValueError(f"{value!r} is not a network like 10.0.0.0/8, nor an IP address") from None
    return value


def _base_url(value: str) -> str:
    try:
        url = URL(value)
    except ValueError:
        url = URL("")
    if url.scheme not in ("http", "https") or not url.host or url.query_string or url.fragment:
        raise ValueError(f"{value!r} is not a URL like https://stubs.example.com/prefix")
    return value.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


Names = Annotated[list[str], NoDecode, BeforeValidator(_split)]
Patterns = Annotated[list[Annotated[str, AfterValidator(_pattern)]], NoDecode, BeforeValidator(_split)]
Networks = Annotated[list[Annotated[str, AfterValidator(_network)]], NoDecode, BeforeValidator(_split)]
Credential = Annotated[SecretStr, BeforeValidator(_stripped)]


class Settings(BaseSettings):
    """Everything that can be set. The name of a field is its name in the TOML file; `STUBSERVER_` before its upper
    case is its environment variable; with dashes it is the option of `stubserver serve`.
    """

    model_config = SettingsConfigDict(env_prefix="STUBSERVER_", extra="forbid", validate_default=False)

    paths: Names = Field([], description="Files, directories and URLs to load.")
    file: Names = Field([], description="Pact files to load.")
    dir: Names = Field([], description="Directories to load recursively.")
    extension: str = Field("json", description="Extension of the files that directories are searched for.")
    url: Names = Field([], description="URLs of pacts to load.")
    broker_url: str | None = Field(None, description="Pact Broker whose latest pacts are loaded.")
    user: Credential | None = Field(None, description="user:password for URLs and the broker.")
    token: Credential | None = Field(None, description="Bearer token for URLs and the broker.")
    insecure_tls: bool = Field(False, description="Do not check the certificates of URLs and the broker.")
    retries: int = Field(8, ge=0, le=20, description="How often a failed fetch is tried again.")
    consumer_name: Patterns = Field([], description="Consumers to load from the broker (names or regexes).")
    provider_name: Patterns = Field([], description="Providers to load from the broker (names or regexes).")

    data: str | None = Field(None, description="Directory of the embedded database of `stubserver host`.")
    database: Credential | None = Field(None, description="URL of a PostgreSQL database, in place of the embedded one.")
    workers: int = Field(1, ge=1, le=64, description="Processes that serve, of `stubserver host`.")
    room: int = Field(512 << 20, ge=1 << 20, description="Bytes for published pacts that are kept compiled.")
    auth: Literal["off", "token"] = Field("off", description="Whether everyone who comes needs a token.")
    allow_open: bool = Field(False, description="Let others than this machine in without tokens.")
    stub_domain: Names = Field(["localhost"], description="Domains below which every name is the stub of a provider.")
    base_url: Annotated[str, AfterValidator(_base_url)] | None = Field(
        None, description="The URL by which clients reach the server, when that is not told by their requests."
    )
    trusted_proxy: Networks = Field([], description="Networks whose X-Forwarded-* headers are believed.")
    tls_cert: str | None = Field(None, description="File with the certificate (and its chain) to serve TLS with.")
    tls_key: str | None = Field(None, description="File with the key of the certificate.")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    watch: bool = Field(False, description="Load again when files change.")
    strict_load: bool = Field(False, description="Refuse to start when anything is wrong with a pact.")

    eager: int | None = Field(
        5000, ge=0, description="Interactions to compile before serving; others are compiled when first asked for."
    )

    order: Literal["specific", "file", "status"] = Field(
        "specific", description="Which of several matching interactions answers."
    )
    lenient: bool = Field(False, description="Overlook wrong headers and body types, as pact-stub-server does.")
    no_match_status: int = Field(500, ge=400, le=599, description="Status of the answer when nothing matches.")
    near_misses: int = Field(3, ge=1, le=20, description="How many near misses an explanation shows.")
    head: bool = Field(False, description="Answer HEAD with what GET would, without the body.")
    provider_state: str | None = Field(None, description="Provider state (a regex) that is always asked for.")
    provider_state_header_name: str | None = Field(
        None, description="A further request header that asks for a provider state."
    )
    stateless: bool = Field(True, description="Let interactions without a state answer when a state is asked for.")
    cors: bool = Field(True, description="Answer browsers of other origins.")
    cors_referer: bool = Field(False, description="Take the origin from Referer when there is no Origin.")
    seed: str = Field("", description="What generated values are drawn from, beside the request.")
    clock: Annotated[str, AfterValidator(_moment)] = Field(
        "today", description="Time of generated dates: `today` (at noon), `now`, or a moment of ISO 8601."
    )
    random: bool = Field(False, description="Generate new values for each request, even for equal ones.")
    echo: bool = Field(False, description="Answer with the values that a path or query rule lets be asked for.")
    hot_cache: int = Field(16 << 20, ge=0, description="Bytes of answers and decisions to remember; 0 for none.")
    fast_path: bool = Field(True, description="Answer plain requests without aiohttp's request handler.")
    metrics: bool = Field(True, description="Count answers, and show the counters to Prometheus.")
    access_log: str | None = Field(None, description="File for a line about each request; `-` is standard output.")
    journal: int = Field(
        1000, ge=0, le=100_000, description="Latest requests that are kept in memory for the live page; 0 for none."
    )
    max_body: int = Field(10 << 20, ge=1024, description="Largest request body, in bytes.")

    loglevel: Literal["error", "warn", "info", "debug", "trace", "none"] = Field(
        "info", description="Least important events that are logged; `debug` has every request."
    )
    log_format: Literal["text", "json"] = Field("text", description="Logs for people or for machines.")

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        public = URL(self.base_url).host if self.base_url is not None else None
        return _is_loopback(self.host) and not self.trusted_proxy and (public is None or _is_loopback(public))

    @property
    def names_sources(self) -> bool:
        """Whether anything says where pacts come from."""
        return any((self.paths, self.file, self.dir, self.url, self.broker_url))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options before environment before file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file())


def shown_settings(settings: Settings) -> list[tuple[str, str, str, bool]]:
    """All settings as people may see them: name, value (nothing of secrets but that they are set), what it is, and
    whether it is the default.
    """
    shown: list[tuple[str, str, str, bool]] = []
    for name, its in Settings.model_fields.items():
        value = getattr(settings, name)
        is_default = value == its.get_default(call_default_factory=True)
        if isinstance(value, SecretStr):
            value = "set, not shown"
        elif isinstance(value, list):
            value = ", ".join(value)
        text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        shown.append((name, _without_password(text), its.description or "", is_default))
    return shown


def _without_password(text: str) -> str:
    """URLs may have credentials before their host, or in their query."""
    text = re.sub(r"(?<=://)[^/@\s,]+@", "•••@", text)
    return re.sub(
        r"([?&][^=&\s,]*(?:token|key|secret|passw|auth)[^=&\s,]*=)[^&\s,]+", r"\1•••", text, flags=re.IGNORECASE
    )


def config_file() -> Path | None:
    """The TOML file: the one STUBSERVER_CONFIG names, else stubserver.toml here if there is one."""
    named = os.environ.get("STUBSERVER_CONFIG")
    if named:
        return Path(named)
    default = Path(DEFAULT_CONFIG_FILE)
    return default if default.is_file() else None


def load_settings(options: dict[str, Any]) -> Settings:
    """Settings with these options on top. Raises SettingsError that names every setting that is wrong."""
    file = config_file()
    if file is not None and not file.is_file():
        raise SettingsError(f"STUBSERVER_CONFIG names {file}, which is not there", "correct or unset it")
    if "retries" not in options and "STUBSERVER_RETRIES" not in os.environ and (retries := os.environ.get(_RETRIES)):
        options = {**options, "retries": retries}
    try:
        settings = Settings(**options)
    except ValidationError as error:
        # The values stay out of the message: one of them may be a credential.
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise SettingsError(f"wrong settings: {wrong}", "see stubserver serve --help") from None
    except ValueError as error:  # the TOML file
        raise SettingsError(f"{file}: {error}", "correct the file at that place") from None
    if not settings.names_sources and (broker := os.environ.get("PACT_BROKER_BASE_URL")):
        # The variable is often set for other tools, so it counts only where nothing else says what to serve.
        return settings.model_copy(update={"broker_url": broker})
    return settings
