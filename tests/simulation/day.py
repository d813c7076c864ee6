"""A simulated day: the real write side, many people, and everything that can go wrong, all of it decided by one seed.

`Day.goes_by` ends when so many facts are written and everybody has gone home; `run.py` gives it a loop of its own.
"""

import asyncio
import gc
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from commands.agents import LogOut
from commands.bus import Command
from commands.inbound import EndSession, OpenSession, ReceiveMessage
from connectors.bots.scripted.bot import scripted
from domain.ids import SessionId
from domain.kernel import Recorded, Refused
from domain.routing.engine import Engine
from domain.sessions.facts import SessionEndReason
from infra.eventlog.port import Conflict, Unavailable
from tests.simulation import plans
from tests.simulation.company import SupervisorPerson
from tests.simulation.disk import CALM, Disk, Weather
from tests.simulation.emptying import Emptying
from tests.simulation.loop import SimulatedLoop
from tests.simulation.people import PROVIDER, AgentPerson, CustomerPerson, MoodyBot
from tests.simulation.process import Gone, Process
from tests.simulation.quiet import differs, left_waiting, unsettled
from tests.simulation.report import Report
from tests.simulation.second_opinion import SecondOpinion
from tests.simulation.watch import Watch

MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
SETTLES_S = 90.0
"""How long what followed from the latest fact may take."""
PATIENCE_S = 3.0
"""How long an agent may idle beside a request that they could have."""
TURNS_MAX_PER_EVENT = 4_000
"""A day that spins without a new fact has a fault, too."""
EVENTS_MAX = 4
"""How many times the facts that were wanted a day may have, until everybody has gone home."""


class FaultFound(Exception):
    """The day ends here."""


class Day:
    def __init__(self, seed: int, events: int, loop: SimulatedLoop) -> None:
        self.random = Random(f"day {seed}")
        self.report = Report(seed, events)
        self.loop = loop
        self.watch = Watch()
        self.reference = Engine()
        self.opinion = SecondOpinion()
        self.emptying = Emptying(self.watch, loop.time)
        self.disk = Disk(self._told)
        self.processes: list[Process] = []
        self.clock_offset = timedelta()
        self._started = 0
        self._over: asyncio.Future[None] = loop.create_future()
        self._open = asyncio.Event()
        self._turns_before = 0
        count = self.random.randint
        self.agents = [AgentPerson(f"agent {n}", self.watch, self.do, self.random) for n in range(count(2, 6))]
        self.customers = [CustomerPerson(n, self.watch, self.do, self.random) for n in range(count(4, 20))]
        self.supervisors = [
            SupervisorPerson(f"supervisor {n}", self.watch, self.do, self.random) for n in range(count(0, 2))
        ]
        moody = MoodyBot(self.random)
        self._bots: Any = {"scripted": scripted, "moody": lambda _: moody}

    def clock(self) -> datetime:
        return MORNING + timedelta(seconds=self.loop.time()) + self.clock_offset

    def _told(self, recorded: Recorded[Any]) -> None:
        self.watch.told(recorded)
        self.reference.feed(recorded)
        self.opinion.told(recorded)
        self.emptying.told(recorded)
        self._turns_before = self.loop.turns
        if faults := [*self.watch.faults, *self.opinion.faults, *self.emptying.faults]:
            self.fault(*faults)

    def fault(self, *faults: str) -> None:
        self.report.faults += faults
        if not self._over.done():
            self._over.set_exception(FaultFound())

    def happened(self, what: str) -> None:
        self.report.happened[what] = self.report.happened.get(what, 0) + 1

    # The whole

    async def goes_by(self) -> None:
        """Raises `FaultFound`."""
        living = asyncio.ensure_future(self._life())
        await asyncio.wait({living, self._over}, return_when=asyncio.FIRST_COMPLETED)
        for process in self.processes:
            process.kill()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest - {living} if living.done() else rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        if self._over.done():
            self._over.result()
        living.result()

    async def _life(self) -> None:
        await self._boot()
        for command in plans.beginning(self.random):
            await self.do(command, "admin")
        rest_s = self.random.choice([6.0, 15.0, 30.0])
        lives = [self._lives(agent.acts, 2.5) for agent in self.agents]
        lives += [self._lives(customer.acts, rest_s) for customer in self.customers]
        lives += [self._lives(supervisor.acts, 8.0) for supervisor in self.supervisors]
        calm = self.random.choice([1.0, 3.0, 10.0])
        lives += [self._lives(self._reconfigures, 40.0 * calm), self._lives(self._weather_turns, 15.0 * calm)]
        lives += [self._lives(self._something_breaks, 8.0 * calm), self._supervise(), self._look_for_spinning()]
        async with asyncio.TaskGroup() as everybody:
            busy = [everybody.create_task(life) for life in lives]
            while len(self.disk) < self.report.wanted:
                self._open.set()
                quiet_at = self.loop.time() + self.random.uniform(20, 600)
                while self.loop.time() < quiet_at and len(self.disk) < self.report.wanted:
                    await asyncio.sleep(3.0)
                await self._quiet_moment()
            await self._everybody_goes_home()
            for task in busy:
                task.cancel()

    async def _lives(self, acts: Any, pause_s: float) -> None:
        while True:
            await asyncio.sleep(self.random.expovariate(1 / pause_s))
            await self._open.wait()
            await acts()

    async def do(self, command: Command, actor: str) -> bool:
        """As a client does: whoever gets no answer sends it again, to whoever is there; providers never give up."""
        command_id = UUID(int=self.random.getrandbits(128), version=4)
        while True:
            try:
                await self.random.choice(self.processes).ask(command, command_id, actor)
            except Refused:
                return False
            except (Gone, Unavailable, Conflict, IndexError):
                await asyncio.sleep(self.random.uniform(0.01, 2.0))
                if isinstance(command, ReceiveMessage | OpenSession):  # who comes again is no newcomer
                    command = type(command)(replace(command.inbound, is_newcomer=False))
                if actor != PROVIDER and self.random.random() < 0.2:
                    return False
            except Exception as error:  # noqa: BLE001 - a bug, and whose it is stands in the report
                self.fault(f"{command} raised {error!r}", *traceback.format_tb(error.__traceback__)[-3:])
                return False
            else:
                return True

    # Processes

    async def _boot(self, *, leads: bool = True) -> None:
        self._started += 1
        process = Process(self._started, self.disk, self.clock, self.random, self._bots)
        try:
            await process.start(leads=leads)
        except (Unavailable, Gone):
            process.kill()
            return
        self.processes.append(process)

    async def _supervise(self) -> None:
        """Who died is carried out; somebody leads again soon."""
        while True:
            await asyncio.sleep(self.random.uniform(0.1, 3.0))
            self._bury()
            if not self.processes:
                await self._boot()
            elif not any(process.leads for process in self.processes):
                self.processes[0].lead()

    def _bury(self) -> None:
        for process in self.processes:
            if process.failed is not None:
                self.fault(f"process {process.number} failed: {process.failed!r}")
            parts = [process.centre._policies, *process.centre._added]
            if any(reactor.parked for reactor in parts):
                self.fault(f"process {process.number} parked a reaction")
        self.processes = [process for process in self.processes if not process.is_dead]

    async def _something_breaks(self) -> None:
        kinds = ["crash", "crash", "second", "second", "stands by", "stops", "clock", "lead"]
        kind = self.random.choice(kinds)
        process = self.random.choice(self.processes) if self.processes else None
        if process is None:
            return
        match kind:
            case "crash":
                for _ in range(self.random.randrange(60)):  # in the midst of whatever goes on
                    await asyncio.sleep(0)
                process.kill()
                self._bury()
                gc.collect()
            case "second" if len(self.processes) < 2:
                await self._boot(leads=self.random.random() < 0.6)
            case "stands by" if process.leads:
                await process.stand_by()
            case "lead" if not process.leads:
                process.lead()
            case "stops":
                await process.stop()
                self._bury()
            case "clock":
                self.clock_offset = timedelta(seconds=self.random.choice([-7_200, -60, -1, 0, 0, 1, 60, 7_200]))
                if self.random.random() < 0.5:
                    for each in self.processes:
                        each.centre.timers.look_again()
            case _:
                return
        self.happened(kind)

    async def _weather_turns(self) -> None:
        chance = self.random.random
        self.disk.weather = Weather(
            slow=chance(),
            delay_s=self.random.choice([0.01, 0.1, 2.0]),
            away=chance() * self.random.choice([0, 0, 0.05, 0.4]),
            answer_lost=chance() * self.random.choice([0, 0, 0.05, 0.4]),
            lag_s=self.random.choice([0, 0.01, 0.5, 3.0]),
            ends=self.random.choice([0, 0, 0, 0.002]),
        )

    async def _reconfigures(self) -> None:
        if await self.do(plans.a_change(self.random), "admin"):
            self.happened("reconfigured")

    async def _look_for_spinning(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            if self.loop.turns - self._turns_before > 200 * TURNS_MAX_PER_EVENT:
                self.fault("much is done, and nothing happens")
            if len(self.disk) > EVENTS_MAX * max(self.report.wanted, 1_000):
                self.fault("the day does not end: the same happens again and again")

    # Quiet moments

    async def _quiet_moment(self) -> None:
        """Nobody does anything, nothing is broken: does everything find its end?"""
        self._open.clear()
        self.disk.weather = CALM
        self.clock_offset = timedelta()
        for process in self.processes:
            process.centre.timers.look_again()
        await asyncio.sleep(20.0)  # who had to wait to try again has tried
        self._check(*self.emptying.unsettled())
        before = self._idle_pairs()
        await asyncio.sleep(PATIENCE_S)
        if pairs := before & self._idle_pairs():
            self.fault(*(f"{pair[0]} waits, and {pair[1]} is free" for pair in sorted(pairs)))
        await self._until_nothing_happens()
        self._check(*unsettled(self.watch, self.clock()))
        head = await self.disk.head()
        for process in list(self.processes):
            await process.centre.live.reached(head)
            engine_faults = differs(process.centre, self.disk, self.watch, self.reference, self.clock())
            self._check(*(f"in process {process.number}, {fault}" for fault in engine_faults))
        self.happened("quiet")

    def _idle_pairs(self) -> set[tuple[str, str, int, int]]:
        version = self.watch.checker.versions
        return {(t, a, version[f"task-{t}"], version[f"agent-{a}"]) for t, a in left_waiting(self.watch)}

    async def _until_nothing_happens(self) -> None:
        """Everything that is due is done, and what follows from it."""
        length = -1
        while length != len(self.disk):
            length = len(self.disk)
            latest = max((set_.due for set_ in self.watch.timers.values()), default=self.clock())
            await asyncio.sleep(max(0.0, (latest - self.clock()).total_seconds()) + SETTLES_S)

    def _check(self, *faults: str) -> None:
        if faults:
            self.fault(*faults)

    async def _everybody_goes_home(self) -> None:
        while self.watch.sessions:
            session_id = SessionId(next(iter(self.watch.sessions)))
            await self.do(EndSession(session_id, SessionEndReason.CUSTOMER), PROVIDER)
        await self._until_nothing_happens()
        for agent in self.agents:
            await agent.works_off()
            await self.do(LogOut(agent.id, "home"), agent.id)
        await self._quiet_moment()
        self._check(*self.watch.checker.unfinished(), *self.watch.hours_that_differ())
        self._check(*(f"conversation {id_} is still open" for id_ in self.watch.talks))
        self._check(*(f"session {id_} is still open" for id_ in self.watch.sessions))
