"""What is configured now? All entities together, as commands, policies and the routing engine look things up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from domain.configuration.calendar import BusinessCalendar
from domain.configuration.checks import missing
from domain.configuration.desk_policy import THE_POLICY
from domain.configuration.entity import CATEGORIES, ENTITY_OF
from domain.configuration.facts import Retired
from domain.configuration.fit import check_step
from domain.configuration.loops import check_no_loop
from domain.configuration.settings import (
    Bot,
    Channel,
    ChannelType,
    DeskPolicy,
    MediaRoutingDomain,
    Queue,
    ReasonCode,
    ReasonKind,
    RoutingAttribute,
    RoutingList,
    Settings,
)
from domain.configuration.wrap_up import WrapUpForm
from domain.ids import (
    AttributeId,
    BotId,
    CalendarId,
    ChannelId,
    ChannelTypeId,
    ListId,
    MrdId,
    QueueId,
    ReasonId,
    WrapUpFormId,
)
from domain.kernel import BEGINNING, Invalid, NotFound, Position, Recorded, replace


class UnknownChannel(NotFound):
    code = "UNKNOWN_CHANNEL"


class InUse(Invalid):
    code = "IN_USE"


@dataclass(frozen=True, slots=True)
class Catalog:
    """`version` is the position of the newest configuration fact: what a decision record names."""

    version: Position = BEGINNING
    attributes: Mapping[AttributeId, RoutingAttribute] = field(default_factory=dict)
    mrds: Mapping[MrdId, MediaRoutingDomain] = field(default_factory=dict)
    queues: Mapping[QueueId, Queue] = field(default_factory=dict)
    channel_types: Mapping[ChannelTypeId, ChannelType] = field(default_factory=dict)
    channels: Mapping[ChannelId, Channel] = field(default_factory=dict)
    bots: Mapping[BotId, Bot] = field(default_factory=dict)
    reasons: Mapping[ReasonId, ReasonCode] = field(default_factory=dict)
    wrap_up_forms: Mapping[WrapUpFormId, WrapUpForm] = field(default_factory=dict)
    calendars: Mapping[CalendarId, BusinessCalendar] = field(default_factory=dict)
    lists: Mapping[ListId, RoutingList] = field(default_factory=dict)
    desk_policies: Mapping[str, DeskPolicy] = field(default_factory=dict)

    @property
    def desks(self) -> DeskPolicy:
        """What holds at every desk."""
        return self.desk_policies.get(THE_POLICY, USUAL)

    def of(self, kind: type[Settings]) -> Mapping[str, Any]:
        """All entities of a kind, by id."""
        those: Mapping[str, Any] = getattr(self, FIELD_OF[ENTITY_OF[kind][0].category])
        return those

    def channel(self, channel_id: ChannelId) -> Channel:
        try:
            return self.channels[channel_id]
        except KeyError:
            raise UnknownChannel(f"There is no channel {channel_id!r}.", "channel_id") from None

    def queue(self, queue_id: QueueId) -> Queue:
        try:
            return self.queues[queue_id]
        except KeyError:
            raise NotFound(f"There is no queue {queue_id!r}.", "queue_id") from None

    def routing_list(self, list_id: ListId) -> RoutingList:
        try:
            return self.lists[list_id]
        except KeyError:
            raise NotFound(f"There is no list {list_id!r}.", "list_id") from None

    def mrd(self, mrd_id: MrdId) -> MediaRoutingDomain:
        try:
            return self.mrds[mrd_id]
        except KeyError:
            raise NotFound(f"There is no media routing domain {mrd_id!r}.", "mrd_id") from None

    def is_voice(self, channel: Channel) -> bool:
        """Do customers talk there, instead of writing?"""
        kind = self.channel_types.get(channel.channel_type_id)
        mrd = self.mrds.get(kind.mrd_id) if kind else None
        return mrd is not None and mrd.type.is_voice

    def check_reason(self, kind: ReasonKind, reason: str, field_name: str) -> None:
        """Is it one of the reasons of its kind? Where none of that kind is configured, any text will do."""
        known = {id_ for id_, code in self.reasons.items() if code.kind is kind}
        if known and reason not in known:
            raise Invalid(f"There is no such reason; there are {', '.join(sorted(known))}.", field_name)

    def form_of(self, queue_id: QueueId) -> WrapUpForm | None:
        """What agents choose wrap-up codes from after work of this queue; none for all codes."""
        queue = self.queues.get(queue_id)
        return self.wrap_up_forms.get(queue.wrap_up_form_id) if queue and queue.wrap_up_form_id else None

    def check(self, settings: Settings) -> None:
        """Does everything that these settings point at exist, and fit (routing 63)? Raises `Invalid` naming the field."""
        match settings:
            case Queue():
                self._known(MediaRoutingDomain, settings.mrd_id, "mrd_id")
                if not self.mrds[settings.mrd_id].managed:  # routing 34
                    raise Invalid("Another system routes this media routing domain: it has no queues here.", "mrd_id")
                for number, step in enumerate(settings.steps):
                    check_step(step, self.attributes, f"steps[{number}]")
                if settings.wrap_up_form_id is not None:
                    self._known(WrapUpForm, settings.wrap_up_form_id, "wrap_up_form_id")
                self._check_diversions(settings)
            case WrapUpForm():
                for number, category in enumerate(settings.categories):
                    for code in category.codes:
                        self._check_wrap_up(code, f"categories[{number}].codes")
            case ChannelType() | RoutingList():
                self._known(MediaRoutingDomain, settings.mrd_id, "mrd_id")
            case Channel():
                self._known(ChannelType, settings.channel_type_id, "channel_type_id")
                if settings.bot_id is not None:
                    self._known(Bot, settings.bot_id, "bot_id")
                self._check_routing(settings)
            case _:
                pass

    def _check_diversions(self, queue: Queue) -> None:
        if queue.opening is not None:
            self._known(BusinessCalendar, queue.opening.calendar_id, "opening.calendar_id")
        for name, diversion in queue.diversions():
            if diversion.queue_id is not None:
                self._known(Queue, diversion.queue_id, f"{name}.queue_id")
                if self.queues[diversion.queue_id].draining:
                    raise Invalid("That queue is being drained.", f"{name}.queue_id")
                if self.queues[diversion.queue_id].mrd_id != queue.mrd_id:
                    raise Invalid("That queue is of another media routing domain.", f"{name}.queue_id")

    def check_loops(self, entity_id: str, settings: Settings) -> None:
        """Does no request go round in circles (routing 58)?"""
        if isinstance(settings, Queue):
            queue_id = QueueId(entity_id)
            check_no_loop(queue_id, {**self.queues, queue_id: settings})

    def _check_wrap_up(self, code: ReasonId, field_name: str) -> None:
        self._known(ReasonCode, code, field_name)
        if self.reasons[code].kind is not ReasonKind.WRAP_UP:
            raise Invalid(f"{code!r} is no reason of the kind {ReasonKind.WRAP_UP}.", field_name)

    def _check_routing(self, channel: Channel) -> None:
        """Work goes where its media routing domain is that of the channel's type (routing 63)."""
        mrd_id, routing = self.channel_types[channel.channel_type_id].mrd_id, channel.routing
        if routing.queue_id is not None:
            self._known(Queue, routing.queue_id, "routing.queue_id")
            if self.queues[routing.queue_id].draining:
                raise Invalid("This queue is being drained: it takes no new requests.", "routing.queue_id")
            if self.queues[routing.queue_id].mrd_id != mrd_id:
                raise Invalid(
                    f"Its media routing domain is {self.queues[routing.queue_id].mrd_id!r}, that of the channel's type {mrd_id!r}.",
                    "routing.queue_id",
                )
            if 0 < channel.request_ttl_s <= (rings_s := self.queues[routing.queue_id].offer_timeout_s):  # routing 23
                raise Invalid(f"In its queue an offer rings {rings_s} s: a request must wait longer.", "request_ttl_s")
        for also in routing.also_in:
            self.check_further(also, mrd_id, "routing.also_in")
            if self.queues[also].draining:
                raise Invalid(f"{also!r} is being drained: it takes no new requests.", "routing.also_in")
        if routing.list_id is not None:
            self._known(RoutingList, routing.list_id, "routing.list_id")
            if self.lists[routing.list_id].mrd_id != mrd_id:
                raise Invalid(
                    f"Its media routing domain is {self.lists[routing.list_id].mrd_id!r}, that of the channel's type {mrd_id!r}.",
                    "routing.list_id",
                )

    def check_further(self, queue_id: QueueId, mrd_id: MrdId, field_name: str) -> None:
        """May what waits in this domain wait in that queue, too (routing 11)?"""
        self._known(Queue, queue_id, field_name)
        if self.queues[queue_id].mrd_id != mrd_id:
            raise Invalid(f"{queue_id!r} is of another media routing domain.", field_name)

    def check_change(self, entity_id: str, settings: Settings) -> None:
        """`check`, and would all that points at this still fit? Raises `InUse` naming one that would not."""
        self.check(settings)
        self.check_loops(entity_id, settings)
        category = ENTITY_OF[type(settings)][0].category
        changed: dict[str, Any] = {FIELD_OF[category]: {**self.of(type(settings)), entity_id: settings}}
        after = replace(self, **changed)
        for kind in (WrapUpForm, Queue, Channel):
            for id_, user in self.of(kind).items():
                no = after.misfit(user)
                if no is not None and self.misfit(user) is None:
                    name = f"{ENTITY_OF[kind][0].called} {id_!r}"
                    message = f"It is in use by {name}, which would not fit any more ({no.field}: {no.detail})"
                    raise InUse(message, self._decisive(entity_id, settings))

    def misfit(self, settings: Settings) -> Invalid | None:
        """What `check` would raise."""
        try:
            self.check(settings)
        except Invalid as no:
            return no
        return None

    def _decisive(self, entity_id: str, settings: Settings) -> str | None:
        """Which of the settings that others rely on would change?"""
        before = self.of(type(settings)).get(entity_id)
        names = DECISIVE.get(ENTITY_OF[type(settings)][0].category, ())
        return next((it for it in names if getattr(before, it, None) != getattr(settings, it)), None)

    def check_unused(self, category: str, subject: str, field_name: str = "id") -> None:
        """May this entity be retired? Raises `InUse` naming what needs it."""
        needing = sorted(name for name, needs in self._uses(category) if subject in needs)
        if needing:
            more = f" and {len(needing) - USERS_TOLD_MAX} more" if len(needing) > USERS_TOLD_MAX else ""
            names = ", ".join(needing[:USERS_TOLD_MAX])
            raise InUse(f"It is in use by {names}{more}: set these up without it first.", field_name)

    def _uses(self, category: str) -> list[tuple[str, set[str | None]]]:
        match category:
            case "attribute":
                return [
                    (f"queue {id_!r}", {a for step in queue.steps for a in step.attribute_ids()})
                    for id_, queue in self.queues.items()
                ]
            case "mrd":
                uses: list[tuple[str, set[str | None]]] = []
                uses += [(f"queue {id_!r}", {queue.mrd_id}) for id_, queue in self.queues.items()]
                uses += [(f"list {id_!r}", {list_.mrd_id}) for id_, list_ in self.lists.items()]
                uses += [(f"channel type {id_!r}", {type_.mrd_id}) for id_, type_ in self.channel_types.items()]
                return uses
            case "list":
                return [(f"channel {id_!r}", {c.routing.list_id}) for id_, c in self.channels.items()]
            case "wrapupform":
                return [(f"queue {id_!r}", {queue.wrap_up_form_id}) for id_, queue in self.queues.items()]
            case "reason":
                return [(f"wrap-up form {id_!r}", set(form.codes())) for id_, form in self.wrap_up_forms.items()]
            case "queue":
                needs: list[tuple[str, set[str | None]]] = []
                needs += [
                    (f"channel {id_!r}", {c.routing.queue_id, *c.routing.also_in}) for id_, c in self.channels.items()
                ]
                for id_, queue in self.queues.items():
                    needs.append((f"queue {id_!r}", {it.queue_id for _, it in queue.diversions()}))
                return needs
            case "calendar":
                return [(f"queue {id_!r}", {q.opening.calendar_id}) for id_, q in self.queues.items() if q.opening]
            case "channeltype":
                return [(f"channel {id_!r}", {c.channel_type_id}) for id_, c in self.channels.items()]
            case "bot":
                return [(f"channel {id_!r}", {c.bot_id}) for id_, c in self.channels.items()]
            case _:
                return []

    def _known(self, kind: type[Settings], id_: str, field_name: str) -> None:
        if id_ not in self.of(kind):
            raise Invalid(missing(ENTITY_OF[kind][0].called, id_, self.of(kind)), field_name)

    def evolve(self, recorded: Recorded[Any]) -> Self:
        """Folds the whole log: what is not configuration changes nothing."""
        if recorded.category not in CATEGORIES:
            return self
        field_name = FIELD_OF[recorded.category]
        entities = dict(getattr(self, field_name))
        if isinstance(recorded.fact, Retired):
            entities.pop(recorded.subject, None)
        else:
            entities[recorded.subject] = recorded.fact.settings
        changed: dict[str, Any] = {field_name: entities, "version": recorded.position}
        return replace(self, **changed)


USUAL = DeskPolicy()
USERS_TOLD_MAX = 5

DECISIVE = {
    "attribute": ("type",),
    "mrd": ("managed",),
    "queue": ("mrd_id", "offer_timeout_s"),
    "channeltype": ("mrd_id",),
    "list": ("mrd_id",),
    "reason": ("kind",),
}
"""By category, the settings that others rely on."""

FIELD_OF = {
    "attribute": "attributes",
    "mrd": "mrds",
    "queue": "queues",
    "channeltype": "channel_types",
    "channel": "channels",
    "bot": "bots",
    "reason": "reasons",
    "wrapupform": "wrap_up_forms",
    "calendar": "calendars",
    "list": "lists",
    "deskpolicy": "desk_policies",
}
