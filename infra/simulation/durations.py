"""How long does it take? Draws of a duration in seconds; the same for handling, wrap-up and the time a call rings."""

from collections.abc import Callable, Sequence
from math import exp, log, sqrt
from random import Random

Draw = Callable[[], float]


def constant(seconds: float) -> Draw:
    return lambda: seconds


def exponential(random: Random, mean_s: float) -> Draw:
    draw = random.random
    return lambda: -log(1.0 - draw()) * mean_s


def lognormal(random: Random, mean_s: float, sd_s: float) -> Draw:
    """By the mean and the standard deviation of the durations themselves, not of their logarithms."""
    variance = log(1 + (sd_s / mean_s) ** 2)
    centre, width, gauss = log(mean_s) - variance / 2, sqrt(variance), random.gauss
    return lambda: exp(gauss(centre, width))


def from_data(random: Random, seconds: Sequence[float]) -> Draw:
    """Any of those that were seen, each as likely."""
    return lambda: random.choice(seconds)
