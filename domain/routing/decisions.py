"""Why this agent? The record that every offer carries: what was compared, under which configuration."""

from domain.kernel import Position
from domain.routing.lines import Line
from domain.routing.staff import Seat
from domain.routing.state import Request


def record(
    request: Request, line: Line, rank: int, seat: Seat, candidates: int, available_since: str, configuration: Position
) -> dict[str, str]:
    """All texts, for it is stored with the facts. `candidates`: how many could have had it now."""
    return {
        "queue": line.id,
        "step": str(request.step),
        "matched_step": str(rank),
        "policy": line.queue.agent_selection.value,
        "candidates": str(candidates),
        "active_tasks": str(seat.chairs[line.queue.mrd_id].load),
        "available_since": available_since,
        "configuration": str(configuration),
    }
