"""What does a routing decision cost, and how does that grow with agents, queues and what waits?

    python -m bench.routing [--quick] [--arrivals 6000] [--profile]

The engine alone, through its public methods, fed with the facts that the live system would write (made before the clock
starts). CPU of this thread, the clock's own cost included (about 0.6 us for each figure), the garbage collector off, as
long-lived processes tune it. Beside it a rescan of everything makes the same decisions over the first events, and every
move is compared.
"""

import argparse
import cProfile
import gc
import pstats
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from bench.figures import RESULTS, Figure, Row, Run, lines, rows_of
from bench.routing_judge import Judge
from bench.routing_plot import plot
from bench.routing_rescan import Rescan
from bench.routing_world import ATTRIBUTES, Centre, Facts, Size
from domain.agents.facts import AttributeAssigned
from domain.routing.engine import Engine, Move, Offer

SIZES = (Size(1_000, 100), Size(1_000, 1_000), Size(10_000, 100), Size(10_000, 1_000), Size(15_000, 2_000))
LOADS = (0.85, 1.05)
SHOWN = Size(10_000, 1_000)
clock = time.thread_time_ns


@dataclass
class Costs:
    """Nanoseconds by kind of event: taking in the facts, and deciding."""

    folds: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    decides: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    offers: int = 0
    widenings: int = 0

    def of(self, *kinds: str) -> list[int]:
        return sorted(cost for kind in kinds or self.decides for cost in self.decides[kind])

    @property
    def fold_s(self) -> float:
        return sum(map(sum, self.folds.values())) / 1e9

    @property
    def decide_s(self) -> float:
        return sum(map(sum, self.decides.values())) / 1e9

    @property
    def offer_us(self) -> float:
        return (self.fold_s + self.decide_s) / max(self.offers, 1) * 1e6


class Play:
    """One engine in one centre; `beside` it the rescan for so many events."""

    def __init__(self, centre: Centre, beside: int = 0) -> None:
        self.centre, self.engine, self.costs = centre, Engine(), Costs()
        judge = Judge if centre.all_rules else Rescan
        self.rescan: Any = judge() if beside else None
        self.beside, self.compared, self.rescan_ns, self.checksum = beside, 0, 0, 0
        self.compared_besides = 0
        """Other moves than offers, of which only the judge of all rules knows."""
        self.timed = False
        self.named, self.explained = Costs(), Costs()
        """Costs of the turns in which a command is made of every offer: without its record, and with it."""
        self._turn = (self.costs, ask_nothing)

    def tell(self, facts: Facts) -> None:
        for fact in facts:
            self.engine.feed(fact)
        if self.rescan is not None:
            for fact in facts:
                self.rescan.feed(fact)

    def open(self) -> float:
        """Configure, introduce and sign in everybody; returns the engine's seconds."""
        facts = [*self.centre.configuration(), *self.centre.introductions()]
        facts += [fact for number in range(self.centre.size.agents) for fact in self.centre.login(number)]
        begun = clock()
        for fact in facts:
            self.engine.feed(fact)
        self.engine.decide(self.centre.now)
        built = (clock() - begun) / 1e9
        if self.rescan is not None:
            for fact in facts:
                self.rescan.feed(fact)
            self.rescan.skip()
        return built

    def step(self, kind: str, facts: Facts) -> None:
        """What happened, what is decided, and what follows from that until nothing does."""
        self._one(kind, facts, compare=True)

    def _one(self, kind: str, facts: Facts, *, compare: bool) -> None:
        costs, ask = self._turn
        while True:
            begun = clock()
            for fact in facts:
                self.engine.feed(fact)
            fed = clock()
            moves = self.engine.decide(self.centre.now)
            ask(moves)
            decided = clock()
            if self.timed:
                costs.folds[kind].append(fed - begun)
                costs.decides[kind].append(decided - fed)
                offers = [move for move in moves if isinstance(move, Offer)]
                costs.offers += len(offers)
                costs.widenings += len(moves) - len(offers)
            if self.rescan is not None:
                self._compare(self.rescan, facts, moves)
            if not moves:
                return
            kind, facts = "carried out", [fact for move in moves for fact in self.centre.carry_out(move)]

    def _compare(self, rescan: Any, facts: Facts, moves: list[Move]) -> None:
        for fact in facts:
            rescan.feed(fact)
        if not self.timed:
            rescan.skip()
            return
        begun = clock()
        expected = rescan.decide(self.centre.now)
        self.rescan_ns += clock() - begun
        found = rescan.plain(moves)
        if found != expected:
            raise AssertionError(f"the engine decided {found}, a look at everything {expected}")
        offers = sum(isinstance(move, Offer) for move in moves)
        self.compared += offers
        self.compared_besides += len(found) - offers
        self.checksum = hash((self.checksum, *found))
        if self.costs.offers >= self.beside:
            self.rescan = None

    def run(self, arrivals: int, warm_up: int) -> None:
        """Turn by turn, so that whatever else happens to the machine happens to all of them."""
        self.centre.begin(2 * arrivals + warm_up, warm_up)
        arrived, turns = 0, [(self.costs, ask_nothing), (self.named, ask_ids), (self.costs, ask_nothing)]
        turns.append((self.explained, ask_all))
        for kind, facts in self.centre.events(self.engine.next_due):
            arrived += kind == "arrival"
            self.timed = arrived > warm_up
            if self.timed and not self.beside:
                self._turn = turns[(arrived - warm_up) // TURN % len(turns)]
            self.step(kind, facts)


TURN = 50
"""So many arrivals have one turn."""


def ask_nothing(moves: list[Move]) -> None:
    """As whoever only follows the log."""


def ask_ids(moves: list[Move]) -> None:
    for move in moves:
        if isinstance(move, Offer):
            assert move.offer_id


def ask_all(moves: list[Move]) -> None:
    """What a command needs."""
    for move in moves:
        if isinstance(move, Offer):
            assert move.offer_id
            assert move.decision


def warm_up_of(centre: Centre) -> int:
    """Until as many tasks are under way as the load keeps there, and a while longer."""
    return int(sum(centre.capacity.values()) * centre.load * 1.6)


def measure(size: Size, load: float, arrivals: int, beside: int, *, all_rules: bool = False) -> tuple[Play, Row]:
    judged = Play(Centre(size, load, all_rules=all_rules), beside)
    if beside:
        judged.open()
        judged.run(beside * 2, warm_up_of(judged.centre))
    play = Play(Centre(size, load, all_rules=all_rules))
    built_s = play.open()
    gc.collect()
    gc.disable()
    play.run(arrivals, warm_up_of(play.centre))
    gc.enable()
    costs = play.costs
    row = {
        "agents x queues": str(size),
        "load": f"{load:.0%}",
        "rules": "all" if all_rules else "plain",
        "assignments/s": costs.offers / costs.decide_s,
        "with folding/s": costs.offers / (costs.decide_s + costs.fold_s),
        "with records, too/s": 1e6 / play.explained.offer_us,
        "a record us": play.explained.offer_us - play.named.offer_us,
        "decisions/s": len(costs.of()) / costs.decide_s,
        "p50 us": share(costs.of(), 0.5),
        "p99 us": share(costs.of(), 0.99),
        "p99.9 us": share(costs.of(), 0.999),
        "rescan/s": judged.compared / (judged.rescan_ns / 1e9) if judged.rescan_ns else 0.0,
        "same moves": judged.compared + judged.compared_besides,
        "widened per assignment": costs.widenings / max(costs.offers, 1),
        "open s": built_s,
    }
    print(*lines([row])[1:], flush=True)
    return play, row


def share(costs: list[int], part: float) -> float:
    return costs[min(len(costs) - 1, int(len(costs) * part))] / 1e3 if costs else 0.0


def by_event(costs: Costs) -> list[Row]:
    return [
        {
            "event": kind,
            "times": len(costs.decides[kind]),
            **{f"fold p{int(part * 100)} us": share(sorted(costs.folds[kind]), part) for part in (0.5, 0.99)},
            **{f"decide p{name} us": share(sorted(costs.decides[kind]), part) for name, part in PARTS.items()},
        }
        for kind in costs.decides
    ]


PARTS = {"50": 0.5, "99": 0.99, "99.9": 0.999}


def of_an_offer(play: Play) -> Row:
    """What one costs, facts and all decisions that led to none included."""
    return {
        "decided us": play.costs.offer_us,
        "and its id us": play.named.offer_us,
        "and its record us": play.explained.offer_us,
    }


# What does not happen every second


def upheavals(play: Play, size: Size) -> list[Row]:
    """A change of many agents or of a queue, in a centre that is at work."""
    centre, random = play.centre, play.centre.random
    rows = [_attributes(play), _queue_anew(play)]
    some = random.sample(range(size.agents), size.agents // 20)
    rows.append(_together(play, "5 % of the agents log out", [it for number in some for it in centre.logout(number)]))
    rows.append(_together(play, "5 % of the agents log in", [it for number in some for it in centre.login(number)]))
    return rows


def _attributes(play: Play) -> Row:
    random, costs = play.centre.random, []
    for _ in range(300):
        agent = random.randrange(play.centre.size.agents)
        fact = AttributeAssigned(random.choice(ATTRIBUTES), random.randint(1, 10))
        costs.append(_timed(play, [play.centre.fact(f"agent-{agent}", fact)]))
    return {"what": "an attribute changes", "p50 us": share(sorted(costs), 0.5), "p99 us": share(sorted(costs), 0.99)}


def _queue_anew(play: Play) -> Row:
    random, costs = play.centre.random, []
    for _ in range(100):
        number = random.randrange(play.centre.size.queues)
        costs.append(_timed(play, [play.centre.reconfigured(number)]))
    return {
        "what": "a queue is configured anew",
        "p50 us": share(sorted(costs), 0.5),
        "p99 us": share(sorted(costs), 0.99),
    }


def _timed(play: Play, facts: Facts) -> int:
    begun = clock()
    for fact in facts:
        play.engine.feed(fact)
    moves = play.engine.decide(play.centre.now)
    cost = clock() - begun
    for move in moves:
        play.step("carried out", play.centre.carry_out(move))
    return cost


def _together(play: Play, what: str, facts: Facts) -> Row:
    begun = clock()
    for fact in facts:
        play.engine.feed(fact)
    fed = clock()
    moves = play.engine.decide(play.centre.now)
    decided = clock()
    for move in moves:
        play.step("carried out", play.centre.carry_out(move))
    row = {"what": what, "facts": len(facts), "fold ms": (fed - begun) / 1e6, "decide ms": (decided - fed) / 1e6}
    return {**row, "moves": len(moves)}


def build_up(size: Size, times: int, *, all_rules: bool = False) -> list[Row]:
    """Nobody is there, `times` as many requests as agents come; then everybody signs in at once."""
    play = Play(Centre(size, 1.0, all_rules=all_rules))
    for fact in (*play.centre.configuration(), *play.centre.introductions()):
        play.engine.feed(fact)
    play.engine.decide(play.centre.now)
    costs, number = [], times * size.agents
    for _ in range(number):
        play.centre.now_s += 0.001
        facts = play.centre.arrival()
        begun = clock()
        for fact in facts:
            play.engine.feed(fact)
        moves = play.engine.decide(play.centre.now)
        costs.append(clock() - begun)
        if all_rules:  # without agents nobody is offered, but some are sent on
            play.step("carried out", [fact for move in moves for fact in play.centre.carry_out(move)])
    costs.sort()
    what = f"{number:,} requests come, nobody is there"
    rows: list[Row] = [{"what": what, "p50 us": share(costs, 0.5), "p99 us": share(costs, 0.99)}]
    everybody = [fact for agent in range(size.agents) for fact in play.centre.login(agent)]
    return [*rows, _together(play, "then all agents log in", everybody)]


def figures(rows: list[Row], changes: list[Row]) -> list[Figure]:
    found = []
    for row in rows:
        if row["agents x queues"] == str(SHOWN) or len(rows) <= len(LOADS):
            at = f"{row['agents x queues']}, {row['load']} load"
            beside = ("a look at everything", row["rescan/s"])
            found.append(Figure(f"assignments decided, {at}", row["assignments/s"], "/s", 20_000, 50_000, *beside))
            found.append(Figure(f"… facts folded, too, {at}", row["with folding/s"], "/s"))
            found.append(Figure(f"… and the record of each, {at}", row["with records, too/s"], "/s"))
            found.append(Figure(f"a decision record, {at}", row["a record us"], "us", 15, 10, less_is_better=True))
            found.append(Figure(f"a decision, p99, {at}", row["p99 us"], "us", 100, 30, less_is_better=True))
            found.append(Figure(f"a decision, p99.9, {at}", row["p99.9 us"], "us", less_is_better=True))
    change = next(row for row in changes if row["what"] == "an attribute changes")
    found.append(Figure("an attribute changes, p99", change["p99 us"], "us", 1_000, 1_000, less_is_better=True))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arrivals", type=int, default=6_000)
    parser.add_argument("--beside", type=int, default=25, help="assignments that the rescan repeats")
    parser.add_argument("--quick", action="store_true", help="two small settings")
    parser.add_argument("--rules", choices=("plain", "all", "both"), default="both", help="with steps alone, or all")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    sizes, shown = SIZES, SHOWN
    if options.quick:
        sizes, shown, options.arrivals, options.beside = (Size(1_000, 100),), Size(1_000, 100), 2_000, 100
    if options.profile:
        profile(shown, options.arrivals)
        return
    if options.rules != "all":
        steps_alone(options, sizes, shown)
    if options.rules != "plain":
        with_all_rules(options, shown)


def steps_alone(options: argparse.Namespace, sizes: tuple[Size, ...], shown: Size) -> None:
    run = Run("routing", "What does a routing decision cost, and how does it grow?", quick=options.quick)
    rows, shown_play = [], None
    for size in sizes:
        for load in LOADS:
            play, row = measure(size, load, options.arrivals, options.beside)
            rows.append(row)
            if size == shown and load == LOADS[0]:
                shown_play = play
    if shown_play is None:
        raise AssertionError("the setting that is shown is one of those that are measured")
    events, apart = by_event(shown_play.costs), of_an_offer(shown_play)
    changes = upheavals(shown_play, shown) + build_up(shown, 2 if options.quick else 10)
    found = figures(rows, changes)
    run.save(found, rows, events=events, upheavals=changes, apart=apart)
    if not options.quick:
        plot(rows, RESULTS / "routing.svg")
    for table in (rows, events, changes, [apart], rows_of(found)):
        print("", *lines(table), sep="\n")
    print("moonshot: 100,000/s with p99 < 10 us and p99.9 < 50 us at", SHOWN)


def with_all_rules(options: argparse.Namespace, size: Size) -> None:
    """The same centre without and with the rules that few queues have (`routing_all_rules.py`), one after the other."""
    run = Run("routing_rules", "What do the rules cost that most queues do without?", quick=options.quick)
    rows, found, shown_play = [], [], None
    for load in LOADS:
        _, plain = measure(size, load, options.arrivals, 0)  # compared above
        play, row = measure(size, load, options.arrivals, options.beside, all_rules=True)
        rows += [plain, row]
        at = f"all rules, {size}, {load:.0%} load"
        beside = "steps alone"
        for name, column, unit, *marks in RULES_FIGURES:
            less = unit == "us"
            figure = Figure(f"{name}, {at}", row[column], unit, *marks, beside, plain[column], less_is_better=less)
            found.append(figure)
        shown_play = shown_play or play
    if shown_play is None:
        raise AssertionError("there is a load that is measured")
    events = by_event(shown_play.costs)
    changes = upheavals(shown_play, size) + build_up(size, 2 if options.quick else 10, all_rules=True)
    run.save(found, rows, events=events, upheavals=changes)
    for table in (rows, events, changes, rows_of(found)):
        print("", *lines(table), sep="\n")


RULES_FIGURES = (
    ("assignments decided", "assignments/s", "/s", 20_000, 50_000),
    ("… facts folded, too", "with folding/s", "/s", None, None),
    ("a decision, p99", "p99 us", "us", 100, 30),
    ("a decision, p99.9", "p99.9 us", "us", None, None),
)


def profile(size: Size, arrivals: int) -> None:
    play = Play(Centre(size, LOADS[0]))
    play.open()
    profiler = cProfile.Profile()
    profiler.enable()
    play.run(arrivals, warm_up_of(play.centre))
    profiler.disable()
    stats: Any = pstats.Stats(profiler)
    stats.sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()
