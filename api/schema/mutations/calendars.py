"""The settings of a business calendar, as an administrator sends them."""

from datetime import date, time

import strawberry

from api.schema.mutations.inputs import Intention
from api.schema.mutations.settings import CHOSEN_ID, NAME
from api.schema.words import doc
from domain.configuration import calendar as c


@strawberry.input(description="From one time of the day to another; on the next day if the second is not later.")
class HoursInput:
    opens: time = doc("The first moment.")
    closes: time = doc("The moment from which on it is closed.")


@strawberry.input(description="Hours that come every week.")
class WeeklyHoursInput:
    days: list[c.Weekday] = doc("On these days.")
    hours: list[HoursInput] = doc("When it is open on each of them.")
    first: date | None = doc("From this day on; null for always so far.", default=None)
    last: date | None = doc("Until this day; null for ever.", default=None)


@strawberry.input(description="Days with hours of their own, which come before the weekly ones.")
class CalendarExceptionInput:
    name: str = doc("Why.")
    first: date = doc("The first day.")
    last: date | None = doc("The last day; null for one day alone.", default=None)
    hours: list[HoursInput] = doc("When it is open on each of them; empty for closed.", default_factory=list)


@strawberry.input(description="A business calendar: when it is open, in its own time zone.")
class ConfigureBusinessCalendarInput(Intention):
    id: strawberry.ID = doc(CHOSEN_ID)
    name: str = doc(NAME)
    time_zone: str = doc("The time zone of all its hours, like `Europe/Berlin`.")
    weekly: list[WeeklyHoursInput] = doc("The hours of every week.", default_factory=list)
    exceptions: list[CalendarExceptionInput] = doc(
        "Exceptions; the first that names a day counts.", default_factory=list
    )

    def settings(self) -> c.BusinessCalendar:
        weekly = (c.WeeklyHours(tuple(it.days), _hours(it.hours), it.first, it.last) for it in self.weekly)
        exceptions = (c.CalendarException(it.name, it.first, it.last, _hours(it.hours)) for it in self.exceptions)
        return c.BusinessCalendar(self.name, self.time_zone, tuple(weekly), tuple(exceptions))


def _hours(hours: list[HoursInput]) -> tuple[c.Hours, ...]:
    return tuple(c.Hours(it.opens, it.closes) for it in hours)
