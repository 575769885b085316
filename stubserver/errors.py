"""Operational errors: what can go wrong outside a pact document. The web layer turns them into answers in one place."""

from __future__ import annotations

from typing import ClassVar


class StubServerError(Exception):
    """Something that went wrong, in words for the person who can mend it.

    `detail` says what happened and where, `cure` what to do. Subclasses give the HTTP status, a title and a slug that
    stays the same for machines.
    """

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    slug: ClassVar[str] = "internal-error"
    headers: ClassVar[dict[str, str]] = {}  # that an answer with this status has to have

    def __init__(self, detail: str, cure: str = "") -> None:
        self.detail = detail
        self.cure = cure
        super().__init__(f"{detail} — {cure}" if cure else detail)


class BadRequestError(StubServerError):
    """The caller's request cannot be understood."""

    status = 400
    title = "Bad request"
    slug = "bad-request"


class UnauthorizedError(StubServerError):
    """No token came, or one that is not good."""

    status = 401
    title = "Unauthorized"
    slug = "unauthorized"
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": 'Bearer realm="stubserver", Basic realm="stubserver"'}


class ForbiddenError(StubServerError):
    """The token that came does not allow this."""

    status = 403
    title = "Forbidden"
    slug = "forbidden"

    def __init__(self, detail: str, cure: str, actor: str) -> None:
        self.actor = actor  # whoever asked
        super().__init__(detail, cure)


class NotFoundError(StubServerError):
    """There is nothing at this address of the control door."""

    status = 404
    title = "Not found"
    slug = "not-found"


class UnsupportedMediaTypeError(StubServerError):
    """The body is of a kind that is not read here."""

    status = 415
    title = "Unsupported media type"
    slug = "unsupported-media-type"


class MethodNotAllowedError(StubServerError):
    """The address exists, the method does not."""

    status = 405
    title = "Method not allowed"
    slug = "method-not-allowed"


class BodyTooLargeError(StubServerError):
    """The request's body is over the limit."""

    status = 413
    title = "Body too large"
    slug = "body-too-large"


class ExpectationError(StubServerError):
    """An Expect header other than 100-continue."""

    status = 417
    title = "Expectation failed"
    slug = "expectation-failed"


class SourceError(StubServerError):
    """A place where pacts should come from gave none."""

    title = "Pact source failed"
    slug = "source-failed"


class LoadError(StubServerError):
    """Loading was to be strict and something is wrong."""

    title = "Pacts not loaded"
    slug = "load-failed"


class ListenError(StubServerError):
    """The address to listen on cannot be had."""

    title = "Cannot listen"
    slug = "cannot-listen"


class LogError(StubServerError):
    """A log cannot be written."""

    title = "Cannot write a log"
    slug = "cannot-log"
