"""Several servers behind the proxy, and its configuration, that are shipped."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.serving import Server, free_port, started, wait_until
from tracker.config import BACKEND

# Debian keeps it where only root looks for programs.
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
CONFIGURATION = BACKEND.parent / "deploy" / "nginx.conf"


@contextmanager
def proxy_to(servers: list[Server], folder: Path) -> Iterator[Server]:
    """A running nginx with our configuration, except for its addresses."""
    assert NGINX, "nginx is not installed"
    port = free_port()
    site = CONFIGURATION.read_text()
    addresses = {"listen 80;": f"listen 127.0.0.1:{port};"}
    addresses |= {f"app{n}:5000": f"127.0.0.1:{server.port}" for n, server in enumerate(servers, 1)}
    for name, address in addresses.items():
        assert site.count(name) == 1
        site = site.replace(name, address)
    temporary = "".join(
        f"{kind}_temp_path {folder / kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration, output, errors = folder / "nginx.conf", folder / "nginx-out", folder / "nginx-errors"
    configuration.write_text(
        f"daemon off; master_process off; pid {folder / 'nginx.pid'}; error_log {errors};\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{site}}}\n"
    )
    with output.open("wb") as out:
        command = [NGINX, "-p", str(folder), "-c", str(configuration), "-e", str(errors)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    proxy = Server(process, port, output, errors)
    try:
        wait_until(proxy.answers, "the proxy")
        yield proxy
    finally:
        proxy.stop()


@contextmanager
def hosts(folder: Path, **settings: Any) -> Iterator[tuple[Server, list[Server]]]:
    """A proxy and three servers, which start at once on a database that may be new."""
    with ExitStack() as stack:
        servers = [stack.enter_context(started(folder, TRUSTED_PROXIES=1, **settings)) for _ in range(3)]
        for server in servers:
            wait_until(server.answers, "a server")
        yield stack.enter_context(proxy_to(servers, folder)), servers
