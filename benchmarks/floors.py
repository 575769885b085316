"""What this machine can do without matching: nginx, aiohttp and a bare protocol that answer with the same 1 KiB.

`python -m benchmarks.floors hello|json|raw PORT` runs one of the Python floors.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import cast

import orjson
import uvloop
from aiohttp import web

from benchmarks import corpus

CONTENT = orjson.dumps(corpus.answer(0))

# One process and no master, so that its processor time can be read from one place; no file outside its own folder.
_NGINX = """\
daemon off; master_process off; worker_processes 1; pid nginx.pid; error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; default_type application/json; keepalive_requests 1000000000; client_body_buffer_size 256k;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{ listen 127.0.0.1:{port} backlog=1024; location / {{ return 200 '{content}'; }} }}
}}
"""


def nginx_config(folder: Path, port: int) -> Path:
    """A configuration that answers every request at once, in a folder of its own."""
    file = folder / "nginx.conf"
    file.write_text(_NGINX.format(port=port, content=CONTENT.decode()))
    return file


def application(*, reads: bool) -> web.Application:
    """One catch-all route, prebuilt bytes; `reads` also takes the body and parses it."""

    async def hello(request: web.Request) -> web.Response:
        if reads and request.can_read_body:
            orjson.loads(await request.read())
        return web.Response(body=CONTENT, content_type="application/json")

    made = web.Application(client_max_size=1 << 20)
    made.router.add_route("*", "/{anything:.*}", hello)
    return made


class Raw(asyncio.Protocol):
    """Answers whatever comes in one piece, without looking at it. Not an HTTP server: the lowest floor of the loop."""

    def __init__(self) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(CONTENT)}\r\n\r\n"
        self._answer = head.encode() + CONTENT

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer."""
        self._transport.write(self._answer)


async def _serve_raw(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Raw, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


def main(name: str, port: int) -> None:
    """Serve until stopped."""
    if name == "raw":
        uvloop.run(_serve_raw(port))
        return
    uvloop.install()
    made = application(reads=name == "json")
    web.run_app(made, host="127.0.0.1", port=port, access_log=None, print=None, backlog=1024)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
