"""The settings of each kind of configuration, as an administrator sends them."""

import strawberry

from api.schema.mutations.diversions import OpeningInput, OverflowInput
from api.schema.mutations.inputs import Intention
from api.schema.words import doc
from domain.channels.inbound import ContactKind
from domain.configuration import settings as s
from domain.configuration.channels import Reminder
from domain.configuration.priorities import PriorityLabel
from domain.configuration.queues import TRANSFER_MESSAGE
from domain.configuration.request_data import Consideration
from domain.configuration.wrap_up import CODES_MAX, WrapUpCategory, WrapUpForm
from domain.ids import AttributeId, BotId, ChannelTypeId, ListId, MrdId, QueueId, ReasonId, WrapUpFormId

NAME = "Its name for people."
MANDATORY = "Must an agent give a code before they are done? Then `wrapUpS` is at most 900, or 0 for no limit."
CHOSEN_ID = "A short id that you choose, 1 to 100 characters; an existing one is set anew."


@strawberry.input(description="A routing attribute: something that agents are good at.")
class ConfigureAttributeInput(Intention):
    id: strawberry.ID = doc(CHOSEN_ID)
    name: str = doc(NAME)
    type: s.AttributeType = doc("What values it has.")
    default_value: int = doc("The value of an agent for whom none is named.")
    description: str = doc("What it means.", default="")

    def settings(self) -> s.RoutingAttribute:
        return s.RoutingAttribute(self.name, self.type, self.default_value, self.description)


@strawberry.input(description="A media routing domain: a kind of work with its own capacity.")
class ConfigureMediaRoutingDomainInput(Intention):
    id: strawberry.ID = doc(CHOSEN_ID)
    name: str = doc(NAME)
    description: str = doc("What it is for.", default="")
    interruptible: bool = doc("May work of another domain interrupt it?", default=False)
    max_requests: int = doc("Tasks at once, 0 to 100, for agents without a maximum of their own.", default=3)
    rona_action: s.RonaAction = doc("What a missed offer does.", default=s.RonaAction.MRD_NOT_READY)
    wrap_up_holds_slot: bool = doc("Does wrap-up fill a slot?", default=True)
    rona_after: int = doc("After how many missed offers in a row that is done, 1 to 10.", default=1)
    cool_down_s: int = doc("Seconds of rest, 1 to 3600, where that is what missed offers do.", default=30)
    interruption_action: s.InterruptionAction = doc(
        "What becomes of the live work here when it is interrupted.", default=s.InterruptionAction.REROUTE
    )
    interruption_message: str = doc(
        "What customers are told whose talks go to others then; empty for nothing.",
        default=s.MediaRoutingDomain("").interruption_message,
    )
    auto_sync: bool = doc("Is whoever becomes ready ready here too?", default=True)
    managed: bool = doc("Does Parley route it? Otherwise states here mirror another system.", default=True)
    type: s.MrdType = doc(
        "What kind of work it is; during a call nobody is to reply in writing.", default=s.MrdType.CHAT
    )
    auto_join: bool = doc(
        "Does whoever comes here, too, while an agent talks with them belong to the media that the task has already? "
        "Otherwise to another media of the same task.",
        default=False,
    )

    def settings(self) -> s.MediaRoutingDomain:
        return s.MediaRoutingDomain(
            name=self.name,
            description=self.description,
            interruptible=self.interruptible,
            max_requests=self.max_requests,
            rona_action=self.rona_action,
            wrap_up_holds_slot=self.wrap_up_holds_slot,
            rona_after=self.rona_after,
            cool_down_s=self.cool_down_s,
            interruption_action=self.interruption_action,
            interruption_message=self.interruption_message,
            auto_sync=self.auto_sync,
            managed=self.managed,
            type=self.type,
            auto_join=self.auto_join,
        )


@strawberry.input(description="A comparison with one attribute.")
class TermInput:
    attribute_id: AttributeId = doc("The attribute.")
    operator: s.RelationalOperator = doc("How it is compared.")
    value: int = doc("With what; it does not count for HAS.", default=0)
    junction: s.Junction = doc("How it is joined to the terms before it.", default=s.Junction.AND)


@strawberry.input(description="Terms, joined from left to right.")
class ExpressionInput:
    terms: list[TermInput] = doc("At least one.")
    junction: s.Junction = doc("How it is joined to the expressions before it.", default=s.Junction.AND)


@strawberry.input(description="A comparison with what the request carries.")
class ConsiderationInput:
    field: str = doc("A field of the request's data.")
    operator: s.RelationalOperator = doc("How it is compared; GT, GE, LT and LE compare numbers.")
    value: str = doc("With what; it does not count for HAS.", default="")
    junction: s.Junction = doc("How it is joined to those before it.", default=s.Junction.AND)


@strawberry.input(description="A comparison of who is there for a step, or of what waits.")
class SkipConditionInput:
    measure: s.Measure = doc("What is compared.")
    operator: s.RelationalOperator = doc("How; not HAS.")
    value: int = doc("With what: a number, or seconds.", default=0)
    junction: s.Junction = doc("How it is joined to those before it.", default=s.Junction.AND)


@strawberry.input(description="Who may answer, from when on.")
class StepInput:
    expressions: list[ExpressionInput] = doc(
        "Who; without any, everybody in the media routing domain.", default_factory=list
    )
    timeout_s: int = doc("Seconds until the next step begins.", default=30)
    skip_if: s.SkipIf | None = doc("When it is left out; not for the last step.", default=None)
    consider_if: list[ConsiderationInput] = doc(
        "What must hold of the request, at most 10, joined from left to right; not for the last step.",
        default_factory=list,
    )
    skip_when: list[SkipConditionInput] = doc(
        "In place of `skipIf`: it is left out while these hold, at most 10, joined from left to right.",
        default_factory=list,
    )

    def step(self) -> s.Step:
        return s.Step(
            tuple(_expression(expression) for expression in self.expressions),
            self.timeout_s,
            self.skip_if,
            tuple(Consideration(it.field, it.operator, it.value, it.junction) for it in self.consider_if),
            tuple(s.SkipCondition(it.measure, it.operator, it.value, it.junction) for it in self.skip_when),
        )


def _expression(given: ExpressionInput) -> s.Expression:
    terms = (s.Term(term.attribute_id, term.operator, term.value, term.junction) for term in given.terms)
    return s.Expression(tuple(terms), given.junction)


@strawberry.input(description="What a request carries makes it urgent.")
class PriorityLabelInput:
    field: str = doc("A field of the request's data.")
    value: str = doc("What it is compared with; it does not count for HAS.", default="")
    priority: int = doc("How urgent, 1 to 10; the highest that holds wins.")
    operator: s.RelationalOperator = doc(
        "How it is compared; GT, GE, LT and LE compare numbers.", default=s.RelationalOperator.EQ
    )


@strawberry.input(description="A queue: who answers, in which order and how soon.")
class ConfigureQueueInput(Intention):
    id: strawberry.ID = doc(CHOSEN_ID)
    name: str = doc(NAME)
    mrd_id: MrdId = doc("Its media routing domain.")
    steps: list[StepInput] | None = doc("1 to 10 steps; null for one step with everybody.", default=None)
    step_mode: s.StepMode = doc("Do later steps add or replace?", default=s.StepMode.CUMULATIVE)
    priority: int = doc("1 to 10; 10 goes first.", default=1)
    service_level_type: int = doc("How abandoned requests count: 1 ignored, 2 negatively, 3 positively.", default=1)
    service_level_threshold_s: int = doc("Seconds within which an answer is in time.", default=20)
    agent_selection: s.AgentSelectionPolicy = doc("Whom first.", default=s.AgentSelectionPolicy.LONGEST_AVAILABLE)
    offer_timeout_s: int = doc("Seconds that an offer rings.", default=20)
    request_ttl_s: int = doc("Seconds after which nobody waits any more.", default=600)
    wrap_up_enabled: bool = doc("Is there a wrap-up?", default=True)
    wrap_up_s: int = doc("Seconds of wrap-up; 0 for no limit.", default=60)
    wrap_up_form_id: WrapUpFormId | None = doc("What agents choose codes from; null for all codes.", default=None)
    wrap_up_mandatory: bool = doc(MANDATORY, default=False)
    decline_allowed: bool = doc("May agents decline what rings (`declineTask`)?", default=False)
    auto_answer: bool = doc("Is what rings accepted by itself?", default=False)
    no_agent_message: str = doc("What a customer is told for whom nobody was free; empty for nothing.", default="")
    ewt_min_s: int = doc("No shorter wait than this is ever told.", default=0)
    ewt_max_s: int = doc("No longer wait than this is ever told; 0 for no limit.", default=0)
    wait_message: str = doc(
        "What customers who wait are told now and then, with {position} and {minutes}; empty for nothing.", default=""
    )
    transfer_message: str = doc(
        "What a customer is told whom an agent passes on to this queue; empty for nothing.", default=TRANSFER_MESSAGE
    )
    opening: OpeningInput | None = doc("When it is open; null for always.", default=None)
    overflow: list[OverflowInput] = doc("When too much waits, and what then; at most 10 rules.", default_factory=list)
    priority_labels: list[PriorityLabelInput] = doc("What makes requests urgent, at most 50.", default_factory=list)
    ageing_s: int = doc("Seconds of waiting that add one to a request's priority, up to 10; 0 for never.", default=0)
    returning_first: bool = doc("Do customers who are back within a day go first?", default=False)

    def settings(self) -> s.Queue:
        return s.Queue(
            name=self.name,
            mrd_id=self.mrd_id,
            steps=(s.Step(),) if self.steps is None else tuple(step.step() for step in self.steps),
            step_mode=self.step_mode,
            priority=self.priority,
            service_level_type=self.service_level_type,
            service_level_threshold_s=self.service_level_threshold_s,
            agent_selection=self.agent_selection,
            offer_timeout_s=self.offer_timeout_s,
            request_ttl_s=self.request_ttl_s,
            wrap_up_enabled=self.wrap_up_enabled,
            wrap_up_s=self.wrap_up_s,
            wrap_up_form_id=self.wrap_up_form_id,
            wrap_up_mandatory=self.wrap_up_mandatory,
            decline_allowed=self.decline_allowed,
            auto_answer=self.auto_answer,
            no_agent_message=self.no_agent_message,
            ewt_min_s=self.ewt_min_s,
            ewt_max_s=self.ewt_max_s,
            wait_message=self.wait_message,
            transfer_message=self.transfer_message,
            opening=self.opening.opening() if self.opening else None,
            overflow=tuple(rule.overflow() for rule in self.overflow),
            priority_labels=tuple(
                PriorityLabel(it.field, it.value, it.priority, it.operator) for it in self.priority_labels
            ),
            returning_first=self.returning_first,
            ageing_s=self.ageing_s,
        )


@strawberry.input(description="A channel type: a medium, and the media routing domain that its work belongs to.")
class ConfigureChannelTypeInput(Intention):
    id: strawberry.ID = doc(CHOSEN_ID)
    name: str = doc(NAME)
    mrd_id: MrdId = doc("The media routing domain.")
    is_interactive: bool = doc("Does the customer wait for answers?", default=True)

    def settings(self) -> s.ChannelType:
        return s.ChannelType(self.name, self.mrd_id, self.is_interactive)


@strawberry.input(description="How agents come to what arrives on a channel.")
class RoutingPolicyInput:
    mode: s.RoutingMode = doc("Pushed to agents, pulled by them, or routed elsewhere.", default=s.RoutingMode.PUSH)
    queue_id: QueueId | None = doc("The queue.", default=None)
    route_to_last_agent: bool = doc("Try the customer's last agent first?", default=False)
    list_id: ListId | None = doc("The list from which agents pull; needed in mode PULL.", default=None)
    last_agent_timeout_s: int = doc("Seconds to wait for the last agent while they are busy, 0 to 30.", default=10)
    also_in: list[QueueId] = doc(
        "Further queues of the same domain, at most 4, in which requests wait at the same time.", default_factory=list
    )

    def policy(self) -> s.RoutingPolicy:
        return s.RoutingPolicy(
            self.mode,
            self.queue_id,
            self.route_to_last_agent,
            self.list_id,
            self.last_agent_timeout_s,
            tuple(self.also_in),
        )


@strawberry.input(description="What a silent customer is told.")
class ReminderInput:
    percent: int = doc("How much of `customerInactivityS` is over then: 1 to 99, each more than the one before.")
    text: str = doc("What they are told.")


@strawberry.input(description="A channel: one number, page or widget by which customers write or call.")
class ConfigureChannelInput(Intention):
    id: strawberry.ID = doc(CHOSEN_ID)
    name: str = doc(NAME)
    channel_type_id: ChannelTypeId = doc("Its type.")
    connector: str = doc("Which connector speaks with the vendor.")
    service_identifier: str = doc("How the vendor names it: a number, a page.", default="")
    mode: s.ChannelMode = doc("Who answers.", default=s.ChannelMode.HYBRID)
    bot_id: BotId | None = doc("The bot; needed unless the mode is AGENT.", default=None)
    routing: RoutingPolicyInput | None = doc(
        "How agents come to it; a queue is needed unless the mode is BOT.", default=None
    )
    customer_inactivity_s: int = doc(
        "Seconds of a customer's silence that end their session; 0 for never.", default=600
    )
    inactivity_reminders: list[ReminderInput] = doc("What silent customers are told, at most 5.", default_factory=list)
    response_timeout_s: int = doc("Seconds within which an agent replies; 0 for whenever they like.", default=0)
    request_ttl_s: int = doc(
        "Seconds after which nobody who came here waits any more; 0 for what the queue says.", default=0
    )
    contact_kind: ContactKind = doc("What identifies its customers.", default=ContactKind.OPAQUE)
    delivery_url: str = doc("Where messages to customers are posted, for connectors outside Parley.", default="")

    def settings(self) -> s.Channel:
        routing = self.routing or RoutingPolicyInput()
        return s.Channel(
            name=self.name,
            channel_type_id=self.channel_type_id,
            connector=self.connector,
            service_identifier=self.service_identifier,
            mode=self.mode,
            bot_id=self.bot_id,
            routing=routing.policy(),
            customer_inactivity_s=self.customer_inactivity_s,
            contact_kind=self.contact_kind,
            delivery_url=self.delivery_url,
            response_timeout_s=self.response_timeout_s,
            request_ttl_s=self.request_ttl_s,
            inactivity_reminders=tuple(Reminder(it.percent, it.text) for it in self.inactivity_reminders),
        )


@strawberry.input(description="A setting of a bot's connector.")
class BotSettingInput:
    key: str = doc("Which.")
    value: str = doc("Its value.")


@strawberry.input(description="A bot.")
class ConfigureBotInput(Intention):
    id: strawberry.ID = doc(CHOSEN_ID)
    name: str = doc("Its name, as customers see it.")
    connector: str = doc("Which connector speaks with it.", default="scripted")
    bot_settings: list[BotSettingInput] = doc("The connector's own settings.", name="settings", default_factory=list)
    timeout_s: int = doc("Seconds to answer within, 1 to 60.", default=10)

    def settings(self) -> s.Bot:
        return s.Bot(self.name, self.connector, {it.key: it.value for it in self.bot_settings}, self.timeout_s)


@strawberry.input(description="A reason code.")
class ConfigureReasonCodeInput(Intention):
    id: strawberry.ID = doc(CHOSEN_ID)
    name: str = doc(NAME)
    kind: s.ReasonKind = doc("What it is a reason for.")
    reroutes_work: bool = doc(
        "Does whoever gives it also give away their live work, at once? Only for the kind NOT_READY.", default=False
    )

    def settings(self) -> s.ReasonCode:
        return s.ReasonCode(self.name, self.kind, self.reroutes_work)


@strawberry.input(description="What holds at every desk.")
class ConfigureDeskPolicyInput(Intention):
    name: str = doc(NAME, default="Desks")
    logout: s.LogoutPolicy = doc(
        "What signing out does while there is live work. Supervisors and lost connections are never refused.",
        default=s.LogoutPolicy.REROUTE,
    )
    disconnect_grace_s: int = doc(
        "Seconds within which whoever lost the connection may come back, 5 to 3600.", default=120
    )
    idle_logout_s: int = doc(
        "Seconds without work after which agents are signed out, 30 to 3600; 0 for never. They are warned at 80 %.",
        default=0,
    )
    last_mrd_off: bool = doc("Is whoever switches their last domain off not ready at all?", default=False)
    several_desks: bool = doc("May one person follow their desk from several places at once?", default=False)

    def settings(self) -> s.DeskPolicy:
        return s.DeskPolicy(
            name=self.name,
            logout=self.logout,
            disconnect_grace_s=self.disconnect_grace_s,
            idle_logout_s=self.idle_logout_s,
            last_mrd_off=self.last_mrd_off,
            several_desks=self.several_desks,
        )


@strawberry.input(description="Codes that belong together.")
class WrapUpCategoryInput:
    name: str = doc("Its name for people.")
    codes: list[ReasonId] = doc("Reason codes of the kind WRAP_UP, at least one.")


@strawberry.input(description="A wrap-up form: what agents choose from after a talk.")
class ConfigureWrapUpFormInput(Intention):
    id: strawberry.ID = doc(CHOSEN_ID)
    name: str = doc(NAME)
    categories: list[WrapUpCategoryInput] = doc("At least one; no code is there twice.")
    max_codes: int = doc("How many codes at most, 1 to 5.", default=CODES_MAX)

    def settings(self) -> WrapUpForm:
        categories = (WrapUpCategory(it.name, tuple(it.codes)) for it in self.categories)
        return WrapUpForm(self.name, tuple(categories), self.max_codes)


@strawberry.input(description="A list: where work waits that agents take by themselves.")
class ConfigureRoutingListInput(Intention):
    id: strawberry.ID = doc(CHOSEN_ID)
    name: str = doc(NAME)
    mrd_id: MrdId = doc("Its media routing domain.")
    wrap_up_enabled: bool = doc("Do agents wrap up what they took from it?", default=True)
    wrap_up_s: int = doc("How long a wrap-up may take, in seconds; 0 for without end.", default=60)
    wrap_up_mandatory: bool = doc(MANDATORY, default=False)

    def settings(self) -> s.RoutingList:
        return s.RoutingList(self.name, self.mrd_id, self.wrap_up_enabled, self.wrap_up_s, self.wrap_up_mandatory)
