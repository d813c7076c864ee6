"""When is a business open? Weekly hours and exceptions to them, in the business's own time zone (routing 57)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.configuration.checks import named
from domain.kernel import Invalid

DAY = timedelta(days=1)
FIRST_DATE, LAST_DATE = date(2000, 1, 1), date(2199, 12, 31)
AHEAD_DAYS = 3_660
"""How far the next edge is looked for: ten years."""
SETTLED_DAYS = 16
"""Days after the last special date within which everything happens that happens every week."""
RULES_MAX = 500

Interval = tuple[datetime, datetime]


class Weekday(StrEnum):
    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"


DAYS = tuple(Weekday)


@dataclass(frozen=True, slots=True)
class Hours:
    """From `opens` until just before `closes`: on the next day if that is not later, so 00:00 to 00:00 is a whole day."""

    opens: time
    closes: time

    def on(self, day: date, zone: ZoneInfo) -> Interval:
        until = day if self.closes > self.opens else day + DAY
        return moment(datetime.combine(day, self.opens), zone), moment(datetime.combine(until, self.closes), zone)


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """`first`, `last`: the dates between which it holds; none for always so far, and for ever."""

    days: tuple[Weekday, ...]
    hours: tuple[Hours, ...]
    first: date | None = None
    last: date | None = None

    def holds(self, day: date) -> bool:
        began, ended = self.first and day < self.first, self.last and day > self.last
        return not began and not ended and DAYS[day.weekday()] in self.days


@dataclass(frozen=True, slots=True)
class CalendarException:
    """Dates with hours of their own; without any, closed. `last`: none for one day alone."""

    name: str
    first: date
    last: date | None = None
    hours: tuple[Hours, ...] = ()

    def holds(self, day: date) -> bool:
        return self.first <= day <= (self.last or self.first)


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Exceptions come before rules: what began the evening before ends at midnight when an exception begins."""

    name: str
    time_zone: str
    weekly: tuple[WeeklyHours, ...] = ()
    exceptions: tuple[CalendarException, ...] = ()

    def check(self) -> None:
        named(self.name)
        _check_zone(self.time_zone)
        both: dict[str, tuple[WeeklyHours | CalendarException, ...]] = {
            "weekly": self.weekly,
            "exceptions": self.exceptions,
        }
        for name, rules in both.items():
            if len(rules) > RULES_MAX:
                raise Invalid(f"At most {RULES_MAX} are permitted.", name)
            for number, rule in enumerate(rules):
                _check_rule(rule, f"{name}[{number}]")

    def is_open(self, at: datetime) -> bool:
        """`at` is aware of its offset, and so is every moment here."""
        return any(opens <= at < closes for opens, closes in self._intervals(at, 3))

    def next_edge(self, at: datetime) -> datetime | None:
        """When it opens or closes next, after `at`; none if not within ten years."""
        days = self._days_ahead(at)
        until: datetime | None = None
        for opens, closes in self._intervals(at, days):
            if closes <= at:
                continue
            if until is None:
                if opens > at:
                    return opens
                until = closes
            elif opens <= until:
                until = max(until, closes)
            else:
                return until
        goes_on = until is not None and until > at + (days - 4) * DAY  # it is open up to where we stopped looking
        return None if goes_on else until

    def _days_ahead(self, at: datetime) -> int:
        rules: tuple[WeeklyHours | CalendarException, ...] = (*self.weekly, *self.exceptions)
        last = max((it for rule in rules for it in (rule.first, rule.last) if it is not None), default=FIRST_DATE)
        return min(AHEAD_DAYS, max(0, (last - at.date()).days) + SETTLED_DAYS)

    def _intervals(self, at: datetime, days: int) -> Iterator[Interval]:
        """What may reach to `at` or begin within so many days, by when it opens."""
        zone = ZoneInfo(self.time_zone)
        begin = at.astimezone(zone).date() - 2 * DAY
        for day in (begin + number * DAY for number in range(days + 2)):
            yield from sorted(self._of_day(day, zone))

    def _of_day(self, day: date, zone: ZoneInfo) -> Iterator[Interval]:
        exception, following = self._exception(day), self._exception(day + DAY)
        midnight = moment(datetime.combine(day + DAY, time()), zone)
        for hours in exception.hours if exception else self._weekly_hours(day):
            opens, closes = hours.on(day, zone)
            if following is not None and following is not exception:
                closes = min(closes, midnight)
            if opens < closes:  # not so where the clock jumps over all of it
                yield opens, closes

    def _exception(self, day: date) -> CalendarException | None:
        """The first that names this day counts."""
        return next((it for it in self.exceptions if it.holds(day)), None)

    def _weekly_hours(self, day: date) -> Iterator[Hours]:
        return (hours for rule in self.weekly if rule.holds(day) for hours in rule.hours)


def moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first moment at which clocks of the zone show this time or a later one, in UTC.

    A time that comes twice, when clocks go back, means the first; one that is skipped means when they jump.
    """
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if late >= early:  # it exists, once or twice
        return early
    early, late = late, early  # before and after the jump
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        if middle.astimezone(zone).replace(tzinfo=None) >= wall:
            late = middle
        else:
            early = middle
    return late.replace(microsecond=0)


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # not found, a folder of them, no name at all
        raise Invalid(f"There is no time zone {name!r}; they are named like Europe/Berlin.", "time_zone") from None


def _check_rule(rule: WeeklyHours | CalendarException, field_name: str) -> None:
    if isinstance(rule, CalendarException):
        named(rule.name, f"{field_name}.name")
    elif not rule.days or not rule.hours:
        raise Invalid("Weekly hours need days and hours.", field_name)
    for name, day in (("first", rule.first), ("last", rule.last)):
        if day is not None and not FIRST_DATE <= day <= LAST_DATE:
            raise Invalid(f"Dates are from {FIRST_DATE} to {LAST_DATE}.", f"{field_name}.{name}")
    if rule.first is not None and rule.last is not None and rule.last < rule.first:
        raise Invalid("The last day is before the first.", f"{field_name}.last")
    for number, hours in enumerate(rule.hours):
        if hours.opens.tzinfo or hours.closes.tzinfo:
            raise Invalid("Hours are those of the calendar's time zone.", f"{field_name}.hours[{number}]")
