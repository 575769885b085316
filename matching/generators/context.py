"""What generators draw from. Equal contexts give equal values: nothing here asks a clock or makes up a number."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from matching.request import Request


@dataclass(frozen=True, slots=True)
class GeneratorContext:
    """Everything that one answer may depend on.

    `key` stands for seed, interaction and request (see `draw_key`); `now` has a time zone; `base_url` is where the stub
    answers, without a trailing slash; `params` are values for provider states; `request` is what was asked.
    """

    key: bytes
    now: datetime
    base_url: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    request: Request | None = None

    def random(self, path: str) -> Random:
        """A source of random values for one place of the answer."""
        digest = hashlib.blake2b(self.key + path.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return Random(int.from_bytes(digest))  # noqa: S311  # values for tests, not secrets


def draw_key(seed: str, name: str, request: Request | None, headers: tuple[str, ...] = ()) -> bytes:
    """The key for an answer: of the seed, the name of what is answered, and what the request says; of its headers, only
    those named (in lower case) count, since clients add others of their own.
    """
    texts = [seed, name]
    if request is not None:
        texts += [request.method, request.path, request.query]
        texts += ["\n".join(request.headers.get(header) or ()) for header in headers]
    digest = hashlib.blake2b(digest_size=16)
    for text in texts:
        content = text.encode("utf-8", "surrogatepass")
        digest.update(len(content).to_bytes(8) + content)
    digest.update(request.body if request is not None else b"")
    return digest.digest()
