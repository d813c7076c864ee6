"""How might somebody set this up? Random settings that are valid in themselves; whether they fit is for the product to say."""

from datetime import time
from random import Random

from commands.bus import Command
from commands.configuration import Configure, Retire
from commands.queues import DrainQueue, FlushQueue
from domain.channels.inbound import ContactKind
from domain.configuration import settings as s
from domain.configuration.calendar import BusinessCalendar, Hours, Weekday, WeeklyHours
from domain.configuration.channels import Reminder
from domain.configuration.desk_policy import THE_POLICY
from domain.configuration.diversions import Diversion, DiversionAction, Opening, Overflow, OverflowCondition
from domain.configuration.priorities import PriorityLabel
from domain.configuration.request_data import Consideration
from domain.ids import AttributeId, BotId, CalendarId, ChannelId, ChannelTypeId, ListId, MrdId, QueueId
from domain.kernel import replace

MRDS = [MrdId("chat"), MrdId("voice")]
ELSEWHERE = MrdId("switchboard")
"""Routed by another system."""
ATTRIBUTES = [AttributeId("english"), AttributeId("billing"), AttributeId("vip")]
QUEUES = {QueueId("support"): "chat", QueueId("sales"): "chat", QueueId("calls"): "voice", QueueId("spare"): "chat"}
SPARE, CALENDAR = QueueId("spare"), CalendarId("office")
IN_A_MOOD = Consideration("mood", s.RelationalOperator.GE, "2")
LISTS = {ListId("letters"): "chat", ListId("callbacks"): "voice"}
BOTS = [BotId("greeter"), BotId("moody")]
CHANNELS = {
    ChannelId("web"): ("chat", ContactKind.OPAQUE),
    ChannelId("whatsapp"): ("chat", ContactKind.PHONE),
    ChannelId("sms"): ("chat", ContactKind.PHONE),
    ChannelId("phone"): ("voice", ContactKind.PHONE),
}


def beginning(random: Random) -> list[Command]:
    """Everything once, in an order in which each finds what it points at."""
    commands: list[Command] = [Configure(mrd, a_domain(random, mrd)) for mrd in MRDS]
    commands.append(Configure(ELSEWHERE, s.MediaRoutingDomain(ELSEWHERE, managed=False)))
    commands += [Configure(reason, s.ReasonCode(reason, s.ReasonKind.NOT_READY)) for reason in ("lunch", "training")]
    commands.append(Configure("callback", s.ReasonCode("callback", s.ReasonKind.NOT_READY, reroutes_work=True)))
    commands.append(Configure(THE_POLICY, a_desk_policy(random)))
    commands += [Configure(attribute, an_attribute(attribute)) for attribute in ATTRIBUTES]
    commands += [Configure(bot, a_bot(random, bot)) for bot in BOTS]
    commands += [Configure(f"{mrd}type", s.ChannelType(mrd, mrd)) for mrd in MRDS]
    commands.append(Configure(CALENDAR, a_calendar(random)))
    commands += [Configure(queue, a_queue(random, queue)) for queue in (SPARE, *(it for it in QUEUES if it != SPARE))]
    commands += [Configure(list_id, a_list(random, list_id)) for list_id in LISTS]
    commands += [Configure(channel, a_channel(random, channel)) for channel in CHANNELS]
    return commands


def a_change(random: Random) -> Command:
    """An administrator has an idea, seldom a good one."""
    kinds = ["mrd", "bot", "queue", "queue", "list", "channel", "channel", "retire", "retire", "drain", "flush"]
    kinds += ["calendar", "desks"]
    match random.choice(kinds):
        case "mrd":
            mrd = random.choice(MRDS)
            return Configure(mrd, a_domain(random, mrd))
        case "bot":
            bot = random.choice(BOTS)
            return Configure(bot, a_bot(random, bot))
        case "desks":
            return Configure(THE_POLICY, a_desk_policy(random))
        case "calendar":
            return Configure(CALENDAR, a_calendar(random))
        case "queue":
            queue = random.choice(list(QUEUES))
            return Configure(queue, a_queue(random, queue))
        case "list":
            list_id = random.choice(list(LISTS))
            return Configure(list_id, a_list(random, list_id))
        case "channel":
            channel = random.choice(list(CHANNELS))
            return Configure(channel, a_channel(random, channel))
        case "drain":
            return DrainQueue(random.choice(list(QUEUES)))
        case "flush":
            return FlushQueue(random.choice(list(QUEUES)), random.choice(["", "We close."]))
        case _:
            kind, ids = random.choice([(s.Queue, list(QUEUES)), (s.Queue, list(QUEUES)), (s.RoutingList, list(LISTS))])
            return Retire(kind, random.choice(ids))


def a_domain(random: Random, name: str) -> s.MediaRoutingDomain:
    return s.MediaRoutingDomain(
        name,
        max_requests=1 if name == "voice" else random.randint(1, 4),
        rona_action=random.choice(list(s.RonaAction)),
        rona_after=random.choice([1, 1, 2]),
        cool_down_s=random.choice([5, 60]),
        interruptible=name == "chat" or random.random() < 0.3,
        interruption_action=random.choice([*s.InterruptionAction, s.InterruptionAction.HOLD]),
        auto_sync=random.random() < 0.8,
        wrap_up_holds_slot=random.random() < 0.7,
        type=s.MrdType.CX_VOICE if name == "voice" else s.MrdType.CHAT,
        auto_join=random.random() < 0.3,
    )


def a_desk_policy(random: Random) -> s.DeskPolicy:
    return s.DeskPolicy(
        logout=random.choice(list(s.LogoutPolicy)),
        disconnect_grace_s=random.choice([5, 60]),
        idle_logout_s=random.choice([0, 0, 30, 300]),
        last_mrd_off=random.random() < 0.3,
        several_desks=random.random() < 0.3,
    )


def an_attribute(name: str) -> s.RoutingAttribute:
    if name == "english":
        return s.RoutingAttribute(name, s.AttributeType.BOOLEAN, 1)
    return s.RoutingAttribute(name, s.AttributeType.PROFICIENCY_LEVEL, 5)


def a_bot(random: Random, name: str) -> s.Bot:
    return s.Bot(name, "scripted" if name == "greeter" else "moody", timeout_s=random.randint(1, 10))


def a_queue(random: Random, queue: QueueId) -> s.Queue:
    wrap_up = random.random() < 0.7
    return s.Queue(
        queue,
        MrdId(QUEUES[queue]),
        steps=(*(a_step(random, 0.2) for _ in range(random.choice([0, 0, 1, 2]))), a_step(random, 0.6, is_last=True)),
        step_mode=random.choice(list(s.StepMode)),
        priority=random.randint(1, 10),
        agent_selection=random.choice(list(s.AgentSelectionPolicy)),
        offer_timeout_s=random.choice([3, 10, 20]),
        request_ttl_s=random.choice([30, 120, 600]),
        wrap_up_enabled=wrap_up,
        wrap_up_s=random.choice([0, 5, 60]),
        wrap_up_mandatory=wrap_up and random.random() < 0.15,
        decline_allowed=random.random() < 0.5,
        auto_answer=random.random() < 0.1,
        priority_labels=(PriorityLabel("mood", "2", 7),) if random.random() < 0.3 else (),
        ageing_s=random.choice([0, 0, 5, 60]),
        returning_first=random.random() < 0.3,
        no_agent_message=random.choice(["", "Nobody is free."]),
        wait_message=random.choice(["", "You are number {position}; about {minutes} min."]),
        opening=an_opening(random, queue) if random.random() < 0.3 else None,
        overflow=overflows(random, queue) if random.random() < 0.3 else (),
    )


def a_calendar(random: Random) -> BusinessCalendar:
    """Open and closed by turns, every few minutes, all day long."""
    length, open_for = random.choice([(20, 14), (6, 4), (60, 59)])
    begins = range(0, 24 * 60 - length, length)
    hours = tuple(Hours(time(it // 60, it % 60), time((it + open_for) // 60, (it + open_for) % 60)) for it in begins)
    return BusinessCalendar("Office", random.choice(["UTC", "Asia/Tokyo"]), (WeeklyHours(tuple(Weekday), hours),))


def an_opening(random: Random, queue: QueueId) -> Opening:
    at_closing = a_diversion(random, queue) if random.random() < 0.5 else None
    return Opening(CALENDAR, a_diversion(random, queue), at_closing)


def overflows(random: Random, queue: QueueId) -> tuple[Overflow, ...]:
    thresholds = {OverflowCondition.QUEUE_LENGTH: [1, 3], OverflowCondition.OLDEST_WAIT: [5, 40]}
    thresholds[OverflowCondition.ESTIMATED_WAIT] = [5, 60]
    conditions = random.sample(list(OverflowCondition), random.randint(1, 3))
    return tuple(Overflow(it, a_diversion(random, queue), random.choice(thresholds.get(it, [0]))) for it in conditions)


def a_diversion(random: Random, queue: QueueId) -> Diversion:
    action = random.choice(list(DiversionAction))
    if action is not DiversionAction.OTHER_QUEUE:
        return Diversion(action, message="Please understand.")
    if queue == SPARE or QUEUES[queue] != QUEUES[SPARE]:
        return Diversion(DiversionAction.BOT)
    return Diversion(action, SPARE, random.choice(["", "One moment more."]))


def a_list(random: Random, list_id: ListId) -> s.RoutingList:
    return s.RoutingList(
        list_id,
        MrdId(LISTS[list_id]),
        wrap_up_enabled=random.random() < 0.5,
        wrap_up_s=random.choice([0, 5, 60]),
    )


def a_step(random: Random, for_everybody: float, *, is_last: bool = False) -> s.Step:
    step = a_crowd(random, for_everybody)
    if is_last or random.random() < 0.5:
        return step
    skip_if = random.choice([None, *s.SkipIf])
    return replace(step, skip_if=skip_if, consider_if=random.choice([(), (IN_A_MOOD,)]))


def a_crowd(random: Random, for_everybody: float) -> s.Step:
    if random.random() < for_everybody:
        return s.Step(timeout_s=random.choice([0, 3, 15]))
    expressions = [
        s.Expression(tuple(a_term(random) for _ in range(random.randint(1, 2))), a_junction(random))
        for _ in range(random.randint(1, 2))
    ]
    return s.Step(tuple(expressions), timeout_s=random.choice([0, 3, 15]))


def a_term(random: Random) -> s.Term:
    operator = random.choice([s.RelationalOperator.GE, s.RelationalOperator.LE, *s.RelationalOperator])
    return s.Term(random.choice(ATTRIBUTES), operator, random.randint(0, 10), a_junction(random))


def a_junction(random: Random) -> s.Junction:
    return random.choice(list(s.Junction))


def a_channel(random: Random, channel: ChannelId) -> s.Channel:
    mrd, contact_kind = CHANNELS[channel]
    mode = random.choice([s.ChannelMode.AGENT, s.ChannelMode.HYBRID, *s.ChannelMode])
    queues = [queue for queue, its_mrd in QUEUES.items() if its_mrd == mrd]
    routing = s.RoutingPolicy()
    if random.random() < 0.25:
        lists = [list_id for list_id, its_mrd in LISTS.items() if its_mrd == mrd]
        routing = s.RoutingPolicy(s.RoutingMode.PULL, list_id=random.choice(lists))
    elif mode is not s.ChannelMode.BOT or random.random() < 0.5:
        first, *others = random.sample(queues, len(queues))
        routing = s.RoutingPolicy(
            queue_id=first,
            also_in=tuple(others[: random.choice([0, 0, 1, 2])]),
            route_to_last_agent=random.random() < 0.4,
            last_agent_timeout_s=random.choice([0, 5, 30]),
        )
    return s.Channel(
        channel,
        ChannelTypeId(f"{mrd}type"),
        "webchat",
        mode=mode,
        bot_id=random.choice(BOTS),
        routing=routing,
        customer_inactivity_s=random.choice([0, 30, 300]),
        contact_kind=contact_kind,
        response_timeout_s=random.choice([0, 20, 120]),
        inactivity_reminders=random.choice([(), (Reminder(50, "Are you there?"), Reminder(90, "Still there?"))]),
    )
