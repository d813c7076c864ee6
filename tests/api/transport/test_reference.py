"""Does our socket behave like the reference server, frame by frame?"""

import asyncio
from collections import defaultdict
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.api.transport.conftest import serving
from tests.api.transport.probes import INIT, OFFERS, PROBES, Probe
from tests.api.transport.toy import transport

pytestmark = pytest.mark.anyio

SILENCE_S = 1.0


def seen(message: dict[str, Any]) -> object:
    """What a client can rely on: the type, the data and how many errors, not their words."""
    payload = message.get("payload")
    match message["type"]:
        case "next":
            return "next", orjson.dumps(payload.get("data")), "data" in payload, len(payload.get("errors", ()))
        case "error":
            return "error", len(payload)
        case other:
            return other, orjson.dumps(payload), "payload" in message


async def played(url: str, probe: Probe) -> tuple[dict[object, list[object]], int | None]:
    """What the server says to the script, by operation, and its close code."""
    said: dict[object, list[object]] = defaultdict(list)
    async with connect(url, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        try:
            for frame in probe.frames:
                if isinstance(frame, float):
                    await asyncio.sleep(frame)
                else:
                    await socket.send(orjson.dumps(frame).decode() if isinstance(frame, dict) else frame)
            while True:
                message = orjson.loads(await asyncio.wait_for(socket.recv(), SILENCE_S))
                said[message.get("id")].append(seen(message))
        except TimeoutError:
            return dict(said), None
        except ConnectionClosed:
            return dict(said), socket.close_code


async def test_every_probe_is_answered_as_by_the_reference_or_explained(reference: str) -> None:
    async with serving(transport()) as address:
        ours, theirs = await asyncio.gather(
            asyncio.gather(*(played(f"ws://{address}/graphql", probe) for probe in PROBES)),
            asyncio.gather(*(played(reference, probe) for probe in PROBES)),
        )
    different = {probe.name: (mine, its) for probe, mine, its in zip(PROBES, ours, theirs, strict=True) if mine != its}
    assert different.keys() == {probe.name for probe in PROBES if probe.explained}, different


async def test_a_document_that_is_not_graphql_leaves_its_neighbours_alone() -> None:
    probe = next(probe for probe in PROBES if probe.name == "a document that is not GraphQL")
    async with serving(transport()) as address:
        said, code = await played(f"ws://{address}/graphql", probe)
    assert (said["1"], code) == ([("error", 1)], None)
    assert said["a"] == [("next", b'{"count":1}', True, 0)]


@pytest.mark.parametrize(("name", "offered"), OFFERS, ids=[name for name, _ in OFFERS])
async def test_sub_protocols_are_chosen_as_by_the_reference(
    reference: str, name: str, offered: list[str] | None
) -> None:
    async def outcome(url: str) -> object:
        async with connect(url, subprotocols=offered) as socket:  # type: ignore[arg-type]
            try:
                await socket.send(orjson.dumps(INIT).decode())
                return socket.subprotocol, orjson.loads(await asyncio.wait_for(socket.recv(), 5))
            except ConnectionClosed:
                return socket.subprotocol, socket.close_code

    async with serving(transport()) as address:
        assert await outcome(f"ws://{address}/graphql") == await outcome(reference)
