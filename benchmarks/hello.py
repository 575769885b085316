"""The floor: an aiohttp application that answers every request with the same 1 KiB and looks at nothing.

`python -m benchmarks.hello PORT`
"""

from __future__ import annotations

import json
import sys

import uvloop
from aiohttp import web

from benchmarks import corpus


def application() -> web.Application:
    """One catch-all route, prebuilt bytes."""
    content = json.dumps(corpus.answer(0)).encode()

    async def hello(request: web.Request) -> web.Response:
        if request.can_read_body:
            json.loads(await request.read())
        return web.Response(body=content, content_type="application/json")

    made = web.Application()
    made.router.add_route("*", "/{anything:.*}", hello)
    return made


if __name__ == "__main__":
    uvloop.install()
    web.run_app(application(), host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
