"""An outside judge of the HTTP side: schemathesis reads `/openapi.json` and tries what the document allows, and what not."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tests.e2e.server.client import Centre
from tests.e2e.server.process import Server

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
SECONDS = int(os.environ.get("PARLEY_TEST_SCHEMATHESIS_S", "7"))
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance"


@pytest.mark.parametrize("who", ["", "sam", "connector", "visitor"])
async def test_every_answer_is_in_the_document(server: Server, centre: Centre, tmp_path: Path, who: str) -> None:
    match who:
        case "":
            token = ""
        case "visitor":
            token = (await centre.visitor().open()).token or ""
        case _:
            token = (await centre.staff(who)).token
    code, said = await _judged(server, tmp_path, token)
    assert code == 0, said[-6_000:]


async def test_every_rest_door_is_in_the_document(centre: Centre) -> None:
    document = (await centre.http.get("/openapi.json")).json()
    doors = {
        "/health", "/ready", "/metrics", "/stats/queues", "/stats/agents", "/channels/{channel_id}/messages",
        "/webchat/{channel_id}/sessions", "/webchat/{channel_id}/messages", "/webchat/{channel_id}/events",
        "/auth/token", "/auth/jwks", "/.well-known/openid-configuration",
    }  # fmt: skip
    assert doors <= document["paths"].keys()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
    assert json.dumps(document).count('"$ref"') > 0


async def _judged(server: Server, home: Path, token: str) -> tuple[int | None, str]:
    """The exit code of schemathesis, and what it said."""
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json", "--checks", CHECKS,
        "--max-time", str(SECONDS), "--phases", "examples,coverage,fuzzing", "--seed", "7", "--no-color",
    ]  # fmt: skip
    if token:
        command += ["--exclude-path-regex", "events$"]  # a poll with a good token takes its time
        command += ["-H", f"Authorization: Bearer {token}"]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=home, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode(errors="replace")
