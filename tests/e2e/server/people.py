"""Agents and customers who work through whatever happens to the server, and the check of what they saw and were promised."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from uuid import NAMESPACE_OID, uuid5

from domain.agents.facts import SlotReserved
from domain.tasks.facts import TaskReserved
from tests.e2e.server.client import PASSWORD, Centre, Json, Refused, Staff, Subscription, Visitor, history

CHAT = "chat"
RESERVED, SLOT_RESERVED = TaskReserved.stored_as, SlotReserved.stored_as
GONE = {"OFFER_GONE", "WRONG_STATE", "NOT_FOUND", "NOT_ALLOWED", "NOT_TALKING", "CLOSED"}
"""Codes of what has become pointless meanwhile."""


class Desk:
    """An agent at work: takes what is offered, and answers every customer's message. `run` until cancelled."""

    def __init__(self, agent: Staff, desk: Subscription) -> None:
        self.agent, self.subscription = agent, desk
        self.answered: list[str] = []
        """Ids of messages that the server promised to keep."""
        self.refused: Counter[str] = Counter()

    @classmethod
    async def of(cls, agent: Staff) -> "Desk":
        desk = cls(agent, await agent.desk())
        await agent.do_surely("logIn")
        await agent.do_surely("makeReady")
        return desk

    async def run(self) -> None:
        seen = 0
        while True:
            events = self.subscription.events
            for event in events[seen:]:
                await self._react(event)
            seen = len(events)
            self.subscription.check()
            await asyncio.sleep(0.01)

    async def _react(self, event: Json) -> None:
        try:
            match event["__typename"]:
                case "TaskOffered":
                    await self.agent.do_surely("acceptTask", taskId=event["taskId"], offerId=event["offerId"])
                case "PresenceChanged" if any(mrd["state"] == "NOT_READY" for mrd in event["agent"]["mrds"]):
                    await self.agent.do_surely("makeReady")  # back from the rest that a missed offer brings
                case "MessagePosted" if event["message"]["sender"]["type"] == "CUSTOMER":
                    await self._answer(event["message"])
        except Refused as no:
            self.refused[no.code] += 1

    async def _answer(self, message: Json) -> None:
        id_ = str(uuid5(NAMESPACE_OID, message["id"]))
        text = f"About “{message['body']['markdownText']}”"
        await self.agent.do_surely("postMessage", conversationId=message["conversationId"], messageId=id_, text=text)
        self.answered.append(id_)


async def private_line(
    centre: Centre, name: str, *, mode: str = "AGENT", bot: str | None = None, **queue: int
) -> Staff:
    """An agent, a queue that rings at nobody else, and a web chat that leads there, all of one name."""
    admin = await centre.staff("admin")
    await admin.do("configureAttribute", id=name, name=name, type="BOOLEAN", defaultValue=1)
    steps = [{"expressions": [{"terms": [{"attributeId": name, "operator": "EQ", "value": 1}]}]}]
    await admin.do("configureQueue", id=name, name=name, mrdId=CHAT, steps=steps, **queue)
    channel = {"id": name, "name": name, "channelTypeId": "webchat", "connector": "webchat", "mode": mode, "botId": bot}
    await admin.do("configureChannel", **channel, routing={"queueId": name})
    person = {"username": name, "name": name.title()}
    await admin.do("createUser", id=name, password=PASSWORD, roles=["AGENT"], **person)
    await admin.do("registerAgent", agentId=name, **person)
    await admin.do("assignAttribute", agentId=name, attributeId=name, value=1)
    await admin.do("grantMrd", agentId=name, mrdId=CHAT)
    return await centre.staff(name)


class Chatter:
    """A customer who gets a human and goes on writing. `run` until `enough`."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.enough = asyncio.Event()

    async def run(self, chance: random.Random) -> None:
        await self.visitor.say_surely("An agent, please", "0")
        number = 0
        while not self.enough.is_set():
            number += 1
            await self.visitor.say_surely(f"line {number}", str(number))
            await asyncio.sleep(chance.uniform(0.05, 0.4))


async def chatters(centre: Centre, count: int) -> list[Chatter]:
    visitors = [await (await centre.visitor().open(f"Customer {number}")).listen() for number in range(count)]
    return [Chatter(visitor) for visitor in visitors]


class Log:
    """All facts, as an auditor reads them over the API."""

    def __init__(self, facts: Iterable[Json]) -> None:
        self.facts = list(facts)
        self.streams: Mapping[str, list[Json]] = defaultdict(list)
        for fact in self.facts:
            self.streams[fact["stream"]].append(fact)

    @classmethod
    async def read(cls, auditor: Staff) -> "Log":
        return cls(await history(auditor))

    def of(self, kind: str) -> list[Json]:
        return [fact for fact in self.facts if fact["type"] == kind]

    def said_in(self, conversation: str) -> list[Json]:
        return [
            it for it in self.streams[f"conversation-{conversation}"] if it["type"] == "conversation.message-posted"
        ]

    def is_whole(self) -> None:
        """Every stream counts its facts without a gap, and no fact stands twice."""
        for stream, facts in self.streams.items():
            assert [fact["version"] for fact in facts] == list(range(len(facts))), stream
        assert len({fact["position"] for fact in self.facts}) == len(self.facts)

    def keeps_what_was_promised(self, customer: Visitor) -> None:
        """Each acknowledged message stands once, in the order in which it was written."""
        mine = [it["data"].get("provider_message_id") or "" for it in self.said_in(customer.conversation)]
        ids = [id_.partition("/")[2] for id_ in mine if id_]
        assert len(set(ids)) == len(ids), "a message stands twice"
        kept = [id_ for id_ in ids if id_ in set(customer.acknowledged)]
        assert kept == customer.acknowledged

    def was_shown_to_customer(self, customer: Visitor) -> None:
        """The browser was pushed every message once, in order, over all its connections."""
        assert [it["messageId"] for it in customer.of("message")] == [
            it["data"]["message_id"] for it in self.said_in(customer.conversation)
        ]

    def was_shown_to_desk(self, desk: Desk, subject: str) -> None:
        """The desk was told every message of each conversation once and in order, from the agent's joining on."""
        told = [it["message"]["cursor"] for it in desk.subscription.of("MessagePosted")]
        assert len(set(told)) == len(told), "a message was told twice"
        due: list[str] = []
        inside: set[str] = set()
        for fact in self.facts:
            match fact["type"]:
                case "conversation.agent-joined" if fact["data"]["agent_id"] == subject:
                    inside.add(fact["stream"])
                case "conversation.agent-left" if fact["data"]["agent_id"] == subject:
                    inside.discard(fact["stream"])
                case "conversation.message-posted" if fact["stream"] in inside:
                    due.append(fact["position"])
        assert told == due

    def offers_are_sound(self, tasks_max: int) -> None:
        """A task rings at one agent at a time, and nobody ever holds more than their maximum."""
        for stream, facts in self.streams.items():
            if stream.startswith("task-"):
                assert sum(it["type"] == RESERVED for it in facts) <= 1, facts
            if stream.startswith("agent-"):
                held: set[str] = set()
                for fact in facts:
                    if fact["type"] == SLOT_RESERVED:
                        held.add(fact["data"]["task_id"])
                    elif fact["type"] == "agent.slot-released":
                        held.discard(fact["data"]["task_id"])
                    assert len(held) <= tasks_max, fact

    def still_ringing(self) -> list[str]:
        """Tasks that are reserved, and neither accepted nor closed."""
        return [
            stream
            for stream, facts in self.streams.items()
            if stream.startswith("task-") and facts[-1]["type"] == RESERVED
        ]
