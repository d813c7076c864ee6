"""How does uv find packages? Where pip would: `python infra/deploy/uv.py pip sync …` runs uv with pip's own settings.

uv is fast, but reads neither pip's files nor its `PIP_*` variables. A machine that reaches packages through a mirror, a
folder of wheels or a private certificate is usually set up for pip alone. A `UV_*` variable that is already set wins.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

SCRIPTS = Path(sys.executable).parent


def pip_settings(listing: str) -> dict[str, str]:
    """What `pip config list` prints, as name → value; the environment before `[install]` before `[global]`."""
    ranked: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listing.splitlines():
        key, separator, value = line.partition("=")
        section, _, name = key.partition(".")
        if separator and section in ranked:
            ranked[section][name] = str(ast.literal_eval(value))
    return ranked["global"] | ranked["install"] | ranked[":env:"]


def as_uv_reads_them(pip: Mapping[str, str], environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The same settings as the variables that uv reads."""
    one_to_one = {"index-url": "UV_DEFAULT_INDEX", "proxy": "ALL_PROXY", "client-cert": "SSL_CLIENT_CERT"}
    yield from ((uv, pip[name]) for name, uv in one_to_one.items() if name in pip)
    if "extra-index-url" in pip:  # pip weighs all indexes alike; with locked hashes that is safe
        yield "UV_INDEX", " ".join(pip["extra-index-url"].split())
        yield "UV_INDEX_STRATEGY", "unsafe-best-match"
    if links := [link for link in pip.get("find-links", "").split() if "://" in link or Path(link).exists()]:
        yield "UV_FIND_LINKS", ",".join(links)
    if "trusted-host" in pip:
        yield "UV_INSECURE_HOST", " ".join(pip["trusted-host"].split())
    if timeout := pip.get("timeout", pip.get("default-timeout")):
        yield "UV_HTTP_TIMEOUT", str(round(float(timeout)))
    if certificate := pip.get("cert", environment.get("REQUESTS_CA_BUNDLE")):
        yield "SSL_CERT_FILE", certificate


def flags(pip: Mapping[str, str]) -> list[str]:
    """What uv takes only as an argument."""
    return ["--no-index"] if pip.get("no-index", "").lower() in {"1", "true", "yes", "on"} else []


def main() -> None:
    listed = subprocess.run([SCRIPTS / "pip", "config", "list"], capture_output=True, text=True, check=True)
    pip = pip_settings(listed.stdout)
    environment = dict(as_uv_reads_them(pip, os.environ)) | dict(os.environ) | {"VIRTUAL_ENV": str(SCRIPTS.parent)}
    environment.pop("UV_SYSTEM_PYTHON", None)  # container images set it; ours is always the one in .venv
    os.execve(SCRIPTS / "uv", ["uv", *sys.argv[1:], *flags(pip)], environment)  # noqa: S606  no shell is wanted


if __name__ == "__main__":
    main()
