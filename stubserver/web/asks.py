"""What the headers of a request ask of the stub door: ours begin with X-Stub-, PactFlow's with pactflow-stub-."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cachetools import LRUCache

from matching import PatternError, StateSelector
from stubserver.errors import BadRequestError, StubServerError
from stubserver.security import Role
from stubserver.web.auth import Access
from stubserver.web.cors import Cors
from stubserver.web.visit import Asks, Fields

STATE_HEADER = "X-Stub-State"
_PACTFLOW_STATE = "pactflow-stub-provider-state"
_STATELESS = "X-Stub-Stateless"
_PACTFLOW_STATELESS = "pactflow-stub-include-empty-provider-states"
_CORS = ("X-Stub-Cors", "pactflow-stub-cors")
_CORS_REFERER = ("X-Stub-Cors-Referer", "pactflow-stub-cors-referer")
_AUTHORIZATION = ("X-Stub-Authorization-Header", "pactflow-stub-authorization-header")
_SELECTORS = 256  # provider states that were asked for and are kept ready
_OUR_NAMES = (b"x-stub", b"pactfl")  # how the headers that are for us begin
_OUR_FIRST = frozenset(b"XxPp")
_YES, _NO = ("true", "on", "yes", "1"), ("false", "off", "no", "0")


@dataclass(frozen=True, slots=True)
class AskDefaults:
    """What counts where a request does not say otherwise; see the settings of the same names."""

    provider_state: str | None = None
    provider_state_header: str | None = None
    stateless: bool = True
    cors: bool = True
    cors_referer: bool = False


class AskReader:
    """Reads what headers ask."""

    def __init__(self, defaults: AskDefaults, access: Access) -> None:
        """Raises PatternError when the provider state of the defaults is not a pattern."""
        self._defaults = defaults
        self.access = access
        self._selectors: LRUCache[tuple[str, bool], StateSelector] = LRUCache(_SELECTORS)
        self._cors = {False: Cors(), True: Cors(from_referer=True)}
        self.default_cors = self._cors[defaults.cors_referer] if defaults.cors else None
        self._default: Asks | None = None
        if defaults.provider_state is not None:
            StateSelector(defaults.provider_state)

    def read(self, fields: Fields, mark: object) -> Asks:
        """What these header fields ask, as long as what has this mark is served. Raises BadRequestError."""
        if self._asks_nothing(fields):
            return self._nothing(mark)
        headers = fields.headers
        refusal: StubServerError | None = None
        try:
            self.access.demand(headers, Role.READ)
        except StubServerError as error:
            refusal = error
        matched, ignores = None, False
        standing_in = _first(headers, _AUTHORIZATION)
        if standing_in is not None:
            matched = fields.with_authorization(standing_in)
        elif self.access.token_in_authorization(headers):
            matched, ignores = fields.with_authorization(None), True
        return Asks(mark, matched, self._state(headers), self._cors_for(headers), ignores, refusal)

    def _asks_nothing(self, fields: Fields) -> bool:
        """Whether nothing in these fields is for us; most requests have nothing, and this has to be told quickly."""
        for name, _ in fields.raw_headers:
            if name[0] in _OUR_FIRST and name[:6].lower() in _OUR_NAMES:
                return False
        if self.access.is_on or (self.access.guard.knows_any and "Authorization" in fields.headers):
            return False
        further = self._defaults.provider_state_header
        return further is None or further not in fields.headers

    def _nothing(self, mark: object) -> Asks:
        """What is asked where nothing is: the defaults."""
        asks = self._default
        if asks is None or asks.mark is not mark:
            asks = self._default = Asks(mark, None, self._state({}), self.default_cors, False, None)
        return asks

    def _cors_for(self, headers: Mapping[str, str]) -> Cors | None:
        if not _flag(headers, _CORS, self._defaults.cors):
            return None
        return self._cors[_flag(headers, _CORS_REFERER, self._defaults.cors_referer)]

    def _state(self, headers: Mapping[str, str]) -> StateSelector | None:
        """The provider state that a request with these headers (or else the defaults) asks for."""
        asked, stateless = None, None
        if headers.get(_STATELESS, "").lower() == "hide":
            stateless = False
        if _PACTFLOW_STATELESS in headers:
            stateless = _flag(headers, (_PACTFLOW_STATELESS,), False)
        names = (STATE_HEADER, _PACTFLOW_STATE, self._defaults.provider_state_header)
        for name in filter(None, names):
            if name in headers:
                asked = headers[name]
                if name == _PACTFLOW_STATE and stateless is None:
                    stateless = False  # as PactFlow has it
                break
        else:
            if self._defaults.provider_state is None:
                return None
        return self.selector_for(asked, stateless=stateless)

    def selector_for(self, source: str | None, *, stateless: bool | None = None) -> StateSelector | None:
        """The selector for a provider state, or for that of the defaults. Raises BadRequestError."""
        source = self._defaults.provider_state if source is None else source
        if not source:
            return None
        stateless = self._defaults.stateless if stateless is None else stateless
        selector = self._selectors.get((source, stateless))
        if selector is None:
            try:
                selector = StateSelector(source, stateless=stateless)
            except PatternError as error:
                cure = "send a regular expression that is found in the state's name"
                raise BadRequestError(f"the provider state {source!r} {error}", cure) from None
            self._selectors[source, stateless] = selector
        return selector


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((headers[name].strip() for name in names if name in headers), None)


def _flag(headers: Mapping[str, str], names: tuple[str, ...], default: bool) -> bool:
    value = _first(headers, names)
    if value is None or value == "":
        return default
    if value.lower() not in _YES + _NO:
        name = next(name for name in names if name in headers)
        raise BadRequestError(f"{name}: {value[:100]!r} is neither true nor false", "send true or false")
    return value.lower() in _YES
