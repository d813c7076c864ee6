"""When is the business open?"""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Annotated

import strawberry

from api.schema.context import Info, refusal
from api.schema.words import answer, doc
from domain.configuration import calendar as c
from domain.ids import CalendarId

At = Annotated[datetime | None, strawberry.argument(description="At this moment; null for now.")]


@strawberry.type(description="From one time of the day to another; on the next day if the second is not later.")
class Hours:
    opens: time = doc("The first moment.")
    closes: time = doc("The moment from which on it is closed.")


@strawberry.type(description="Hours that come every week.")
class WeeklyHours:
    days: list[c.Weekday] = doc("On these days.")
    hours: list[Hours] = doc("When it is open on each of them.")
    first: date | None = doc("From this day on; null for always so far.")
    last: date | None = doc("Until this day; null for ever.")


@strawberry.type(description="Days with hours of their own, which come before the weekly ones.")
class CalendarException:
    name: str = doc("Why.")
    first: date = doc("The first day.")
    last: date | None = doc("The last day; null for one day alone.")
    hours: list[Hours] = doc("When it is open on each of them; empty for closed.")


@strawberry.type(description="A business calendar: when it is open, in its own time zone.")
class BusinessCalendar:
    id: CalendarId = doc("Its id.")
    name: str = doc("Its name for people.")
    time_zone: str = doc("The time zone of all its hours, like `Europe/Berlin`.")
    weekly: list[WeeklyHours] = doc("The hours of every week.")
    exceptions: list[CalendarException] = doc("Exceptions; the first that names a day counts.")
    settings: strawberry.Private[c.BusinessCalendar]

    @answer("Is it open?")
    def is_open(self, info: Info, at: At = None) -> bool:
        return self.settings.is_open(_moment(info, at))

    @answer("When it opens or closes next; null if not within ten years.")
    def next_edge_at(self, info: Info, at: At = None) -> datetime | None:
        return self.settings.next_edge(_moment(info, at))


def calendars(those: Mapping[CalendarId, c.BusinessCalendar]) -> list[BusinessCalendar]:
    return [
        BusinessCalendar(
            id=id,
            name=it.name,
            time_zone=it.time_zone,
            weekly=[
                WeeklyHours(days=list(rule.days), hours=_hours(rule.hours), first=rule.first, last=rule.last)
                for rule in it.weekly
            ],
            exceptions=[
                CalendarException(name=rule.name, first=rule.first, last=rule.last, hours=_hours(rule.hours))
                for rule in it.exceptions
            ],
            settings=it,
        )
        for id, it in sorted(those.items())
    ]


def _moment(info: Info, at: datetime | None) -> datetime:
    moment = at or info.context.behind.clock()
    if not c.FIRST_DATE.year <= moment.year < c.LAST_DATE.year:
        raise refusal("INVALID", f"Calendars are for the years {c.FIRST_DATE.year} to {c.LAST_DATE.year - 1}.", "at")
    return moment


def _hours(hours: tuple[c.Hours, ...]) -> list[Hours]:
    return [Hours(opens=it.opens, closes=it.closes) for it in hours]
