"""An agent brings a colleague into a talk: in their place, behind them, beside them. The rights are the conversation's."""

import strawberry

from api.schema.context import Info
from api.schema.mutations.inputs import Intention
from api.schema.sending import MutationPayload, send
from api.schema.words import doc, mutation
from commands.colleagues import AskColleague, EndConsult, PromoteColleague, WithdrawRequest
from domain.conversations.facts import Release
from domain.ids import AgentId, QueueId, TaskId
from domain.tasks.facts import TaskDirection

MINE = "Your task, for which you talk with the customer."
NOTE = "What whoever comes should know; the customer does not see it."
PRIORITY = "From 1 to 10; 10 goes first."
RELEASE = "When you are out of the talk: at once, or when the other comes."


@strawberry.input(description="Pass a customer on to a queue.")
class TransferToQueueInput(Intention):
    task_id: TaskId = doc(MINE)
    queue_id: QueueId = doc("The queue, of the same media routing domain.")
    note: str = doc(NOTE, default="")
    priority: int = doc(PRIORITY, default=1)
    release: Release = doc(RELEASE, default=Release.AT_ONCE)


@strawberry.input(description="Pass a customer on to a colleague.")
class TransferToAgentInput(Intention):
    task_id: TaskId = doc(MINE)
    agent_id: AgentId = doc("The colleague, who must be able to take one more now.")
    note: str = doc(NOTE, default="")
    release: Release = doc(RELEASE, default=Release.AT_ONCE)


@strawberry.input(description="Whom an agent of a talk asks for.")
class ByQueueOrName(Intention):
    task_id: TaskId = doc(MINE)
    queue_id: QueueId | None = doc("Whoever serves this queue.", default=None)
    agent_id: AgentId | None = doc("This colleague.", default=None)
    note: str = doc(NOTE, default="")
    priority: int = doc(PRIORITY, default=10)


@strawberry.input(description="Ask a colleague for advice: name a queue or an agent.")
class ConsultInput(ByQueueOrName):
    pass


@strawberry.input(description="Have a colleague talk with the customer beside you: name a queue or an agent.")
class DirectConferenceInput(ByQueueOrName):
    pass


@strawberry.input(description="What an agent does with a consult of theirs.")
class OfConsult(Intention):
    task_id: TaskId = doc(MINE)
    agent_id: AgentId | None = doc("Which of those whom you consult; null for the only one.", default=None)


@strawberry.input(description="Leave the customer to whom you consult.")
class ConsultTransferInput(OfConsult):
    pass


@strawberry.input(description="Let whom you consult talk with the customer, too.")
class ConsultConferenceInput(OfConsult):
    pass


@strawberry.input(description="Have enough of advice.")
class EndConsultInput(OfConsult):
    pass


@strawberry.input(description="Call off a request for a colleague.")
class WithdrawRequestInput(Intention):
    task_id: TaskId = doc(MINE)
    request_id: TaskId = doc("The first task of the request: `colleagueRequests { taskId }`.")


def _self(info: Info) -> AgentId:
    return AgentId(info.context.viewer.agent_id)


def _asking(info: Info, input: ByQueueOrName, direction: TaskDirection) -> AskColleague:
    return AskColleague(
        input.task_id, _self(info), direction, input.queue_id, input.agent_id, input.note, input.priority
    )


@strawberry.type
class ColleaguesMutation:
    @mutation(
        "Pass a customer on to a queue. Where you leave at once, they are told, and wait first come, first served."
    )
    async def transfer_to_queue(self, info: Info, input: TransferToQueueInput) -> MutationPayload:
        return await send(
            info,
            AskColleague(
                input.task_id,
                _self(info),
                TaskDirection.DIRECT_TRANSFER,
                input.queue_id,
                note=input.note,
                priority=input.priority,
                release=input.release,
            ),
            input.client_mutation_id,
        )

    @mutation(
        "Pass a customer on to a colleague: it rings there at once. Refused with NOT_ROUTABLE while they cannot take it. "
        "If they do not, the customer stays with whoever still talks, or waits first in line in the queue of the talk."
    )
    async def transfer_to_agent(self, info: Info, input: TransferToAgentInput) -> MutationPayload:
        return await send(
            info,
            AskColleague(
                input.task_id,
                _self(info),
                TaskDirection.DIRECT_TRANSFER,
                colleague_id=input.agent_id,
                note=input.note,
                release=input.release,
            ),
            input.client_mutation_id,
        )

    @mutation("Ask a colleague for advice. They read everything and write to agents alone; the customer knows nothing.")
    async def consult(self, info: Info, input: ConsultInput) -> MutationPayload:
        return await send(info, _asking(info, input, TaskDirection.CONSULT), input.client_mutation_id)

    @mutation("Have a colleague talk with the customer beside you. At most four agents are in one conversation.")
    async def direct_conference(self, info: Info, input: DirectConferenceInput) -> MutationPayload:
        return await send(info, _asking(info, input, TaskDirection.DIRECT_CONFERENCE), input.client_mutation_id)

    @mutation("Leave the customer to whom you consult, without a new offer.")
    async def consult_transfer(self, info: Info, input: ConsultTransferInput) -> MutationPayload:
        return await send(
            info,
            PromoteColleague(input.task_id, _self(info), TaskDirection.CONSULT_TRANSFER, input.agent_id),
            input.client_mutation_id,
        )

    @mutation("Let whom you consult talk with the customer beside you, without a new offer.")
    async def consult_conference(self, info: Info, input: ConsultConferenceInput) -> MutationPayload:
        return await send(
            info,
            PromoteColleague(input.task_id, _self(info), TaskDirection.CONSULT_CONFERENCE, input.agent_id),
            input.client_mutation_id,
        )

    @mutation("Have enough of advice: whom you consult leaves.")
    async def end_consult(self, info: Info, input: EndConsultInput) -> MutationPayload:
        return await send(info, EndConsult(input.task_id, _self(info), input.agent_id), input.client_mutation_id)

    @mutation("Call off a request for a colleague who has not come yet.")
    async def withdraw_request(self, info: Info, input: WithdrawRequestInput) -> MutationPayload:
        return await send(info, WithdrawRequest(input.task_id, _self(info), input.request_id), input.client_mutation_id)
