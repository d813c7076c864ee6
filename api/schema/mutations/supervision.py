"""A supervisor acts for agents and customers."""

import strawberry

from api.schema.context import Info
from api.schema.mutations.inputs import Intention
from api.schema.sending import MutationPayload, send
from api.schema.words import doc, mutation
from commands.agents import LogOut, MakeNotReady, MakeReady
from commands.attendance import LeaveConversation
from commands.domains import LoseAgentState, MirrorMrd
from commands.requests import RequestAgent
from commands.supervision import BargeIn, MonitorConversation, Whisper
from domain.agents.facts import MrdState
from domain.conversations.facts import RequestReason
from domain.ids import AgentId, ConversationId, MrdId, QueueId


@strawberry.input(description="Ask for a human.")
class RequestAgentInput(Intention):
    conversation_id: ConversationId = doc("The conversation, in which a bot answers or nobody does.")
    queue_id: QueueId | None = doc("In which queue; null for that of the customer's channel.", default=None)
    priority: int = doc("From 1 to 10; 10 goes first.", default=1)
    also_in: list[QueueId] = doc(
        "In these queues at the same time: at most 4, of the same domain. None: those of the channel, in its queue.",
        default_factory=list,
    )


@strawberry.input(description="End an agent's shift for them.")
class ForceLogOutInput(Intention):
    agent_id: AgentId = doc("The agent.")
    reason: str = doc("Why, for the record.", default="FORCED")


@strawberry.input(description="Make an agent take work.")
class MakeAgentReadyInput(Intention):
    agent_id: AgentId = doc("The agent, who must be signed in.")
    mrds: list[MrdId] | None = doc("Only in these media routing domains; null for all.", default=None)


@strawberry.input(description="Listen to a conversation.")
class MonitorConversationInput(Intention):
    conversation_id: ConversationId = doc("The conversation, in which an agent talks.")


@strawberry.input(description="Be heard by the agents of a conversation.")
class WhisperInput(Intention):
    conversation_id: ConversationId = doc("The conversation, to which you listen.")


@strawberry.input(description="Take part in a conversation.")
class BargeInInput(Intention):
    conversation_id: ConversationId = doc("The conversation, to which you listen.")


@strawberry.input(description="Leave a conversation to which you listen or in which you take part.")
class StopMonitoringInput(Intention):
    conversation_id: ConversationId = doc("The conversation.")


def _self(info: Info) -> AgentId:
    return AgentId(info.context.viewer.agent_id)


@strawberry.input(description="Give an agent a break.")
class MakeAgentNotReadyInput(Intention):
    agent_id: AgentId = doc("The agent, who must be signed in.")
    reason: str = doc("A reason code of kind NOT_READY.")


@strawberry.input(description="Nobody knows whether an agent wants work.")
class LoseAgentStateInput(Intention):
    agent_id: AgentId = doc("The agent.")
    reason: str = doc("What failed.", default="")


@strawberry.input(description="How an agent stands in a domain that another system routes.")
class MirrorMrdInput(Intention):
    agent_id: AgentId = doc("The agent.")
    mrd_id: MrdId = doc("The media routing domain, whose `managed` is false.")
    state: MrdState = doc("Their state there.")


@strawberry.type
class SupervisionMutation:
    @mutation("Listen to a conversation, one supervisor at a time. You leave it with the last agent who talks.")
    async def monitor_conversation(self, info: Info, input: MonitorConversationInput) -> MutationPayload:
        return await send(
            info,
            MonitorConversation(input.conversation_id, _self(info), info.context.viewer.name),
            input.client_mutation_id,
        )

    @mutation("From now on what you write with `postMessage` is read by the agents, and not by the customer.")
    async def whisper(self, info: Info, input: WhisperInput) -> MutationPayload:
        return await send(info, Whisper(input.conversation_id, _self(info)), input.client_mutation_id)

    @mutation("Begin to talk with the customer, beside the agents. Only for whoever listens or whispers.")
    async def barge_in(self, info: Info, input: BargeInInput) -> MutationPayload:
        return await send(info, BargeIn(input.conversation_id, _self(info)), input.client_mutation_id)

    @mutation("Leave a conversation to which you listen or in which you take part.")
    async def stop_monitoring(self, info: Info, input: StopMonitoringInput) -> MutationPayload:
        return await send(
            info, LeaveConversation(input.conversation_id, _self(info), "stopped listening"), input.client_mutation_id
        )

    @mutation("Ask for a human. Nothing happens where one is there or on the way.")
    async def request_agent(self, info: Info, input: RequestAgentInput) -> MutationPayload:
        return await send(
            info,
            RequestAgent(
                input.conversation_id,
                RequestReason.CUSTOMER_ASKED,
                input.queue_id,
                input.priority,
                also_in=tuple(input.also_in),
            ),
            input.client_mutation_id,
        )

    @mutation("End an agent's shift. Their talks go on with others.")
    async def force_log_out(self, info: Info, input: ForceLogOutInput) -> MutationPayload:
        return await send(info, LogOut(input.agent_id, input.reason, forced=True), input.client_mutation_id)

    @mutation("Make an agent take work, in all their media routing domains or in some.")
    async def make_agent_ready(self, info: Info, input: MakeAgentReadyInput) -> MutationPayload:
        return await send(
            info,
            MakeReady(input.agent_id, None if input.mrds is None else frozenset(input.mrds)),
            input.client_mutation_id,
        )

    @mutation("Let an agent take no new work anywhere; asked again, it changes the reason.")
    async def make_agent_not_ready(self, info: Info, input: MakeAgentNotReadyInput) -> MutationPayload:
        return await send(info, MakeNotReady(input.agent_id, input.reason), input.client_mutation_id)

    @mutation("After a failure nobody knows whether an agent wants work: UNKNOWN, until they say READY or NOT_READY.")
    async def lose_agent_state(self, info: Info, input: LoseAgentStateInput) -> MutationPayload:
        return await send(info, LoseAgentState(input.agent_id, input.reason), input.client_mutation_id)

    @mutation("Tell how an agent stands in a media routing domain that another system routes.")
    async def mirror_mrd(self, info: Info, input: MirrorMrdInput) -> MutationPayload:
        return await send(info, MirrorMrd(input.agent_id, input.mrd_id, input.state), input.client_mutation_id)
