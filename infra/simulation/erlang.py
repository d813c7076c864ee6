"""What does theory say? The steady state of M/M/n (Erlang C) and of M/M/n+M (Erlang A), to hold the engine against.

Stable for thousands of agents: recursions on ratios, no factorials and no powers of large numbers.
"""

from dataclasses import dataclass
from math import exp, expm1


@dataclass(frozen=True, slots=True)
class SteadyState:
    """Shares are of all who come. `mean_wait_s` is that of all, whoever gave up too; `queue_length` by Little's law."""

    p_wait: float
    service_level: float
    mean_wait_s: float
    occupancy: float
    abandoned: float
    queue_length: float


def erlang_b(load: float, agents: int) -> float:
    """The share that meets all agents busy where nobody can wait; `load` is in erlangs."""
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(per_s: float, handle_s: float, agents: int, threshold_s: float = 20.0) -> SteadyState:
    """Whoever must wait, waits. Raises `ValueError` where the line would grow for ever."""
    load = per_s * handle_s
    if load >= agents:
        raise ValueError(f"{load:g} erlangs need more than {agents} agents, unless callers give up.")
    blocked = erlang_b(load, agents)
    p_wait = blocked / (1 - load / agents * (1 - blocked))
    mean_wait_s = p_wait * handle_s / (agents - load)
    late = p_wait * exp(-(agents - load) * threshold_s / handle_s)
    return SteadyState(p_wait, 1 - late, mean_wait_s, load / agents, 0.0, per_s * mean_wait_s)


def erlang_a(per_s: float, handle_s: float, agents: int, patience_s: float, threshold_s: float = 20.0) -> SteadyState:
    """Patience is exponential.

    Someone who finds all agents busy and k others in line is served once k + 1 of these are gone, at the rates
    nμ + kθ, …, nμ. With G = exp(-θ·wait) that sum is a Beta variable: G ~ Beta(nμ/θ, k + 1). Having outlasted such a
    wait has the probability G, so the share served within t is E[G; G ≥ exp(-θt)] – an incomplete beta function,
    which grows from k to k + 1 by one term.
    """
    service, leaving = agents / handle_s, 1 / patience_s
    shape, risk = service / leaving, leaving * threshold_s
    weight, tail, length, served = 1.0, 0.0, 0.0, 0.0  # weights relative to "all agents busy, nobody in line"
    k, below = 0, exp(-risk * (shape + 1))  # P(Beta(shape + 1, k + 1) < exp(-risk))
    term = below * (shape + 1) * -expm1(-risk)
    while weight > 1e-18 * tail:
        tail += weight
        length += k * weight
        served += weight * shape / (shape + k + 1) * (1 - below)
        k += 1
        below += term
        term *= -expm1(-risk) * (shape + 1 + k) / (k + 1)
        weight *= per_s / (service + k * leaving)
    everything = 1 / erlang_b(per_s * handle_s, agents) - 1 + tail
    p_wait, queue_length = tail / everything, length / everything
    abandoned = leaving * queue_length / per_s
    return SteadyState(
        p_wait,
        1 - p_wait + served / everything,
        queue_length / per_s,
        per_s * (1 - abandoned) * handle_s / agents,
        abandoned,
        queue_length,
    )
