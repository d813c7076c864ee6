"""Why this agent? The record that every offer carries: what was compared, under which configuration."""

from datetime import datetime

from domain.kernel import Position
from domain.routing.lines import Line
from domain.routing.staff import Seat
from domain.routing.state import Request


def record(
    request: Request, line: Line, rank: int, seat: Seat, candidates: int, since: datetime, configuration: Position
) -> dict[str, str]:
    """All texts, for it is stored with the facts. `candidates`: the set of those who could have had it now.
    It is told when the offer is carried out, so whatever a record needs must still be so then: see `moves.Offer`.
    """
    return {
        "queue": line.id,
        "step": str(request.step),
        "matched_step": str(rank),
        "policy": line.queue.agent_selection.value,
        "candidates": str(candidates.bit_count()),
        "active_tasks": str(seat.chairs[line.queue.mrd_id].load),
        "available_since": since.isoformat(),
        "configuration": str(configuration),
    }
