"""Web chat by socket: history, then live, without gap or repeat, across reconnects and conversations."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from api.graphql.limits import Sockets
from api.typists import TypingNote, decode, encode, subject_of
from api.webchat.bounds import Bounds
from commands.attendance import LeaveConversation
from commands.conversations import EndConversation, PostAgentMessage
from commands.inbound import EndSession
from commands.requests import RequestAgent
from commands.tasks import AcceptTask
from domain.channels.messages import Body, DeliveryStatus, SenderType
from domain.conversations.conversation import Conversation
from domain.conversations.facts import AgentJoined, MessagePosted, ParticipantRole, RequestReason
from domain.ids import AgentId, ConversationId, MessageId, TaskId
from domain.kernel import Cause
from domain.sessions.facts import SessionEndReason
from tests.api.doors.conftest import Browser, Centre
from tests.api.transport.conftest import serving

pytestmark = pytest.mark.anyio


async def conversation_of(centre: Centre, token: str) -> ConversationId:
    return await centre.conversation_of(token.partition(".")[0])


async def says(centre: Centre, agent: AgentId, conversation: ConversationId, text: str, id: str) -> MessageId:
    message = MessageId(id)
    await centre.send(PostAgentMessage(conversation, agent, message, Body(text=text)))
    return message


async def an_agent_for(centre: Centre, token: str) -> tuple[AgentId, ConversationId]:
    """Ada talks with this visitor."""
    ada, conversation = await centre.staff("ada"), await conversation_of(centre, token)
    await centre.send(RequestAgent(conversation, RequestReason.CUSTOMER_ASKED))
    await centre.send(AcceptTask(await centre.offer_to(ada), ada))

    async def talking() -> bool:
        return ada in (await centre.conversation(conversation)).talking

    await centre.until(talking)
    return ada, conversation


async def test_a_message_is_acknowledged_and_seen_by_every_tab(centre: Centre, token: str) -> None:
    async with centre.browser(token) as one, centre.browser(token) as other:
        await one.send(type="message", id="7", text="Hello")
        ack, seen = await one.next("ack"), await other.next("message")
        while seen.get("id") != "7":
            seen = await other.next("message")
        assert seen["messageId"] == ack["messageId"]
        assert seen["from"]["type"] == "CUSTOMER"


async def test_what_the_agent_writes_arrives_and_its_arrival_is_known(centre: Centre, token: str) -> None:
    async with centre.browser(token) as browser:
        ada, conversation = await an_agent_for(centre, token)
        assert (await browser.next("agentJoined"))["name"] == "Ada"
        message = await says(centre, ada, conversation, "Good morning", "m1")
        arrived = await browser.next("message")
        while arrived["messageId"] != message:
            arrived = await browser.next("message")
        assert arrived["from"] == {"type": "AGENT", "name": "Ada"}
        for status in (DeliveryStatus.DELIVERED, DeliveryStatus.READ):
            await browser.send(type=status.lower(), messageId=message)
            assert (await browser.next("delivery"))["status"] == status
        assert (await centre.conversation(conversation)).deliveries[message] is DeliveryStatus.READ


async def test_nobody_confirms_what_was_not_for_them(centre: Centre, token: str) -> None:
    async with centre.browser(token) as browser:
        await browser.send(type="message", id="1", text="hi")
        own = (await browser.next("ack"))["messageId"]
        for message in ("nothing", own, f"{own}:answered"):
            await browser.send(type="read", messageId=message)
            assert (await browser.next("refused"))["code"] == "NOT_FOUND"


async def test_a_whisper_never_leaves(centre: Centre, token: str) -> None:
    async with centre.browser(token) as browser:
        ada, conversation = await an_agent_for(centre, token)
        monitor = await centre.staff("grace")
        joins = AgentJoined(monitor, TaskId("t"), ParticipantRole.WHISPER, "Grace")
        await centre.centre.store.change(
            Conversation, conversation, lambda _: iter([joins]), Cause(uuid4()), centre.clock()
        )
        await says(centre, monitor, conversation, "he is lying", "w1")
        await says(centre, ada, conversation, "I see", "m1")
        while (await browser.next("message"))["messageId"] != "m1":
            pass
        assert not [frame for frame in browser.seen if "lying" in str(frame) or "Grace" in str(frame)]


async def test_a_reconnect_misses_nothing_and_repeats_nothing(centre: Centre, token: str) -> None:
    async with centre.browser(token) as whole:
        ada, conversation = await an_agent_for(centre, token)

        async def write() -> None:
            for n in range(60):
                await says(centre, ada, conversation, f"word {n}", f"m{n}")
                await asyncio.sleep(0.002)

        writing = asyncio.create_task(write())
        pieces: list[dict[str, Any]] = []
        cursor: str | None = None
        while not pieces or pieces[-1].get("messageId") != "m59":
            async with centre.browser(token, cursor) as tab:
                for _ in range(7):
                    pieces.append(await tab.next())
                    cursor = pieces[-1]["cursor"]
                    if pieces[-1].get("messageId") == "m59":
                        break
        await writing
        while (await whole.next()).get("messageId") != "m59":
            pass
        assert pieces == [frame for frame in whole.seen if frame["type"] != "ready"]
        cursors = [int(frame["cursor"]) for frame in pieces]
        assert cursors == sorted(cursors)


async def test_a_new_conversation_comes_through_the_same_socket(centre: Centre, token: str) -> None:
    async with centre.browser(token) as browser:
        ada, conversation = await an_agent_for(centre, token)
        await centre.send(EndConversation(conversation, ada))
        assert (await browser.next("sessionEnded"))["reason"] == "AGENT"
        await centre.send(LeaveConversation(conversation, ada))

        async def closed() -> bool:
            return (await conversation_of(centre, token)) is None

        await centre.until(closed)
        await browser.send(type="message", id="again", text="One more thing")
        begun = await browser.next("sessionStarted")
        assert begun["conversationId"] != conversation
        while (await browser.next("message")).get("id") != "again":
            pass
        kept = browser.seen[-1]["cursor"]
    async with centre.browser(token, "0") as late:
        while (await late.next()).get("cursor") != kept:
            pass
        wanted = [frame for frame in browser.seen if frame["type"] not in {"ready", "ack"}]
        assert late.seen[1:] == wanted


async def test_who_leaves_has_left(centre: Centre, token: str) -> None:
    async with centre.browser(token) as browser:
        await browser.send(type="leave")
        assert (await browser.next("sessionEnded"))["reason"] == "CUSTOMER"


async def test_both_sides_see_who_types(centre: Centre, token: str) -> None:
    async with centre.browser(token) as browser:
        await browser.next("sessionStarted")
        subject = subject_of(await conversation_of(centre, token))
        while not centre.bus.listeners(subject):
            await asyncio.sleep(0.01)
        async with centre.bus.subscribe(subject) as notes:
            await browser.send(type="typing", isTyping=True)
            note = decode(await anext(notes))
            assert (note.who, note.is_typing) == (SenderType.CUSTOMER, True)
        await centre.bus.publish(subject, encode(TypingNote(SenderType.AGENT, True, "ada", "Ada")))
        typing = await browser.next("typing")
        assert typing == {"type": "typing", "name": "Ada", "isTyping": True}
    while centre.bus.listeners(subject):
        await asyncio.sleep(0.01)
    assert not centre.chat.open_sockets


async def test_a_message_that_does_not_fit_is_refused_and_the_next_one_taken(centre: Centre, token: str) -> None:
    async with centre.browser(token) as browser:
        for frame in ({"id": "1"}, {"id": "2", "text": 5}, {"id": "3", "text": "x" * 20_000}):
            await browser.send(type="message", **frame)
            refused = await browser.next("refused")
            assert (refused["id"], refused["code"], refused["field"]) == (frame["id"], "INVALID", "text")
        await browser.send(type="message", id="4", text="now")
        assert (await browser.next("ack"))["id"] == "4"


@pytest.mark.parametrize("frame", ["{", "[]", '{"type":"dance"}', '{"type":"typing"}', '{"type":"message"}', ""])
async def test_a_frame_that_is_none_of_ours_ends_the_socket(centre: Centre, token: str, frame: str) -> None:
    async with centre.browser(token) as browser:
        await browser.socket.send(frame)
        assert (await browser.next("refused"))["code"] in {"MALFORMED", "INVALID"}
        assert await browser.closed() == 4400


async def test_binary_frames_are_not_taken(centre: Centre, token: str) -> None:
    async with centre.browser(token) as browser:
        await browser.socket.send(b'{"type":"leave"}')
        assert await browser.closed() == 4400


async def test_a_frame_too_large_ends_the_socket(centre: Centre, token: str) -> None:
    async with centre.browser(token) as browser:
        await browser.send(type="message", id="1", text="x" * 200_000)
        assert (await browser.next("refused"))["code"] == "TOO_LARGE"
        assert await browser.closed() == 1009


async def first_frame(address: str, channel: str, **frame: Any) -> tuple[dict[str, Any], int | None]:
    async with connect(f"ws://{address}/webchat/{channel}/socket", compression=None) as socket:
        browser = Browser(socket)
        await browser.send(**frame)
        return await browser.next(), await browser.closed()


async def test_the_first_frame_says_who_is_there(centre: Centre, token: str) -> None:
    address = centre.address
    assert (await first_frame(address, "web", type="leave"))[1] == 4401
    assert (await first_frame(address, "web", type="hello", token=token + "x"))[1] == 4403
    assert (await first_frame(address, "nowhere", type="hello", token=token))[1] == 4404
    assert (await first_frame(address, "web", type="hello", token=token, after="-1"))[1] == 4400


async def test_who_never_says_hello_is_sent_away(centre: Centre) -> None:
    bounds = Bounds(sockets=Sockets(init_timeout_s=0.05))
    async with (
        serving(centre.open_doors(bounds)) as address,
        connect(f"ws://{address}/webchat/web/socket") as socket,
    ):
        assert await Browser(socket).closed() == 4408


async def test_who_does_not_answer_pings_is_gone(centre: Centre, token: str) -> None:
    bounds = Bounds(sockets=Sockets(heartbeat_s=0.02))
    async with serving(centre.open_doors(bounds)) as address:
        centre.address = address
        async with centre.browser(token) as browser:
            await browser.next("ping")
            assert await browser.closed() == 1001


async def test_a_socket_ends_with_its_token(centre: Centre) -> None:
    centre.clock.offset = timedelta(days=-30, seconds=1.3)
    token = centre.chat.tokens.issue("web", "v1")
    centre.clock.offset = timedelta()
    async with centre.browser(token) as browser:
        assert await browser.closed() == 4403


async def test_one_visitor_has_so_many_sockets_and_no_more(centre: Centre, token: str) -> None:
    async with serving(centre.open_doors(Bounds(sockets_per_visitor=1))) as address:
        centre.address = address
        async with centre.browser(token):
            assert (await first_frame(address, "web", type="hello", token=token))[1] == 4429
        while centre.chat.open_sockets:
            await asyncio.sleep(0.01)
        async with centre.browser(token):
            pass


async def test_a_page_that_may_not_embed_the_chat_gets_no_socket(centre: Centre) -> None:
    bounds = Bounds(origins=frozenset({"https://shop.example.org"}))
    async with serving(centre.open_doors(bounds)) as address:
        with pytest.raises(InvalidStatus):
            async with connect(f"ws://{address}/webchat/web/socket", origin="https://evil.example.org"):
                pass
        async with connect(f"ws://{address}/webchat/web/socket", origin="https://shop.example.org"):
            pass


async def test_a_reader_who_stands_still_is_ended_and_others_go_on(centre: Centre, token: str) -> None:
    async with serving(centre.open_doors(Bounds(slow_s=0.3))) as address:
        centre.address = address
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=2**12)
        await stand_still(writer, token)
        ada, conversation = await an_agent_for(centre, token)
        for n in range(600):
            await says(centre, ada, conversation, "x" * 16_000, f"m{n}")
        async with asyncio.timeout(10):
            while centre.chat.open_sockets:
                await asyncio.sleep(0.02)
        async with centre.browser(token) as browser:  # the whole history is no reason to call anybody slow
            while (await browser.next()).get("messageId") != "m599":
                pass
        writer.transport.resume_reading()
        tail, farewell = b"", (1013).to_bytes(2, "big") + b"Too slow a reader"
        while farewell not in tail and (chunk := await reader.read(65_536)):
            tail = tail[-100:] + chunk
        assert farewell in tail
        writer.close()


async def stand_still(writer: asyncio.StreamWriter, token: str) -> None:
    """Shake hands, say hello, and never read again."""
    head = (
        "GET /webchat/web/socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    writer.write(head.encode())
    await writer.drain()
    await asyncio.sleep(0.1)
    hello = msgspec.json.encode({"type": "hello", "token": token})
    writer.write(b"\x81" + bytes([0x80 | 126]) + len(hello).to_bytes(2, "big") + bytes(4) + hello)
    await writer.drain()
    writer.transport.pause_reading()


async def test_the_bot_answers_what_was_said(centre: Centre, token: str) -> None:
    async with centre.browser(token) as browser:
        await browser.send(type="message", id="1", text="When do you open?")
        while "Monday" not in (await browser.next("message"))["body"]["text"]:
            pass
        await browser.send(type="message", id="2", text="I want to talk to a human")
        await browser.next("agentRequested")
    said = [it.fact for it in await centre.log.read_all(limit=10_000) if isinstance(it.fact, MessagePosted)]
    assert [it.sender.type for it in said] == ["BOT", "CUSTOMER", "BOT", "CUSTOMER", "BOT"]


async def test_a_store_that_is_away_is_no_lost_message(centre: Centre, token: str) -> None:
    async with centre.browser(token) as browser:
        await browser.next("message")
        centre.log.down = True
        await browser.send(type="message", id="1", text="thanks")
        refused = await browser.next("refused")
        assert (refused["code"], refused["id"]) == ("UNAVAILABLE", "1")
        centre.log.down = False
        await browser.send(type="message", id="1", text="thanks")
        assert (await browser.next("ack"))["id"] == "1"


async def test_whoever_waits_is_told_their_place_as_it_changes() -> None:  # routing 65
    centre = Centre()
    async with centre, serving(centre.open_doors(Bounds(wait_news_s=0.02))) as address:
        centre.address = address
        await centre.configure()
        before = await centre.write("earlier", "a person please")
        await centre.send(RequestAgent(before, RequestReason.CUSTOMER_ASKED))
        async with httpx2.AsyncClient(base_url=f"http://{address}") as http:
            token = (await http.post("/webchat/web/sessions", json={})).json()["token"]
        await centre.send(RequestAgent(await conversation_of(centre, token), RequestReason.CUSTOMER_ASKED))
        async with centre.browser(token) as browser:
            assert (await browser.next("wait"))["position"] == 2
            await centre.send(EndSession(await centre.session_of("earlier"), SessionEndReason.CUSTOMER))
            assert (await browser.next("wait"))["position"] == 1
            ada = await centre.staff("ada")
            await centre.send(AcceptTask(await centre.offer_to(ada), ada))
            await browser.next("agentJoined")
            await asyncio.sleep(0.1)
        assert [frame["type"] for frame in browser.seen].count("wait") == 2
