"""What happened, exactly? Every fact, for auditors."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
import strawberry
from strawberry.scalars import JSON

from api.schema.context import Info, refusal
from api.schema.types.paging import PAGE_MAX
from api.schema.words import answer, doc
from domain.kernel import BEGINNING, Position, Recorded


@strawberry.type(description="A fact as the log holds it.")
class Fact:
    position: Position = doc("Its place in the whole log.")
    stream: str = doc("What it is about, like `agent-7`.")
    version: int = doc("Its number in its stream, from 0.")
    at: datetime = doc("When it was written.")
    actor: str = doc("Who asked: a subject, or a part of Parley.")
    command_id: strawberry.ID = doc("The command that led to it.")
    correlation: str = doc("The conversation that it belongs to; empty for none.")
    type: str = doc("What happened, under its lasting name, like `task.accepted`.")
    data: JSON = doc("The particulars.")


@strawberry.type(description="Facts in the order in which they happened.")
class History:
    nodes: list[Fact] = doc("The facts.")
    end_cursor: Position | None = doc("Pass it as `after` to go on; null on an empty page.")
    has_next_page: bool = doc("Is there more?")


@strawberry.type
class HistoryQuery:
    @answer("Every fact of a stream, or of the whole log, oldest first.")
    async def history(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="How many, 1 to 100.")],
        stream: Annotated[
            str | None, strawberry.argument(description="Like `conversation-…`; null for the whole log.")
        ] = None,
        after: Annotated[Position | None, strawberry.argument(description="Only what came after this.")] = None,
    ) -> History:
        if not 1 <= first <= PAGE_MAX:
            raise refusal("INVALID", f"A page has 1 to {PAGE_MAX} rows.", "first")
        facts = await _facts(info, stream, after or BEGINNING, first + 1)
        page = facts[:first]
        return History(
            nodes=[_fact(recorded) for recorded in page],
            end_cursor=page[-1].position if page else None,
            has_next_page=len(facts) > first,
        )


async def _facts(info: Info, stream: str | None, after: Position, limit: int) -> Sequence[Recorded[Any]]:
    log = info.context.behind.log
    if stream is None:
        return await log.read_all(after, limit)
    return [recorded for recorded in await log.read(stream) if recorded.position > after][:limit]


def _fact(recorded: Recorded[Any]) -> Fact:
    return Fact(
        position=recorded.position,
        stream=recorded.stream,
        version=recorded.version,
        at=recorded.at,
        actor=recorded.cause.actor,
        command_id=strawberry.ID(str(recorded.cause.command_id)),
        correlation=recorded.cause.correlation,
        type=recorded.fact.stored_as,
        data=msgspec.to_builtins(recorded.fact),
    )
