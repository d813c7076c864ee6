# ruff: noqa: DTZ001 - clocks on walls know no offset
"""Is it open, and until when? routing 57: time zones, clocks that change, nights, exceptions."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.configuration.calendar import (
    BusinessCalendar,
    CalendarException,
    Hours,
    Weekday,
    WeeklyHours,
    moment,
)
from domain.kernel import Invalid, replace

BERLIN = ZoneInfo("Europe/Berlin")
MON, TUE, WED, THU, FRI, SAT, SUN = Weekday
OFFICE = Hours(time(9), time(17))
NIGHT = Hours(time(22), time(6))
ALWAYS = BusinessCalendar("Always", "UTC", (WeeklyHours(tuple(Weekday), (Hours(time(), time()),)),))
SHOP = BusinessCalendar("Shop", "Europe/Berlin", (WeeklyHours((MON, TUE, WED, THU, FRI), (OFFICE,)),))
HOTLINE = BusinessCalendar("Hotline", "Europe/Berlin", (WeeklyHours(tuple(Weekday), (NIGHT,)),))
HOLIDAY = CalendarException("Holiday", date(2026, 5, 1))


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


def open_at(calendar: BusinessCalendar, text: str) -> bool:
    return calendar.is_open(berlin(text))


def test_it_is_open_from_the_first_minute_until_just_before_the_last() -> None:
    answers = [open_at(SHOP, f"2026-03-02T{it}") for it in ("08:59:59", "09:00", "16:59:59", "17:00")]
    assert answers == [False, True, True, False]
    assert not open_at(SHOP, "2026-03-01T12:00")  # a Sunday


def test_the_next_edge_is_when_it_closes_or_opens() -> None:
    assert SHOP.next_edge(berlin("2026-03-02T10:00")) == berlin("2026-03-02T17:00")
    assert SHOP.next_edge(berlin("2026-03-06T17:00")) == berlin("2026-03-09T09:00")  # from Friday to Monday
    assert SHOP.next_edge(berlin("2026-03-02T09:00")) == berlin("2026-03-02T17:00")


def test_a_night_shift_lasts_until_the_next_morning() -> None:
    assert open_at(HOTLINE, "2026-03-02T23:00")
    assert open_at(HOTLINE, "2026-03-03T05:59")
    assert not open_at(HOTLINE, "2026-03-03T06:00")
    only_monday = replace(HOTLINE, weekly=(WeeklyHours((MON,), (NIGHT,)),))
    assert open_at(only_monday, "2026-03-03T05:00")
    assert not open_at(only_monday, "2026-03-02T05:00")


def test_shifts_that_meet_are_one() -> None:
    both = replace(HOTLINE, weekly=(WeeklyHours(tuple(Weekday), (NIGHT, Hours(time(6), time(22)))),))
    assert both.next_edge(berlin("2026-03-02T10:00")) is None
    assert both.is_open(berlin("2026-03-02T06:00"))


def test_an_exception_comes_before_the_rules() -> None:
    shop = replace(SHOP, exceptions=(HOLIDAY,))
    assert open_at(SHOP, "2026-05-01T10:00")
    assert not open_at(shop, "2026-05-01T10:00")
    assert shop.next_edge(berlin("2026-04-30T17:00")) == berlin("2026-05-04T09:00")


def test_an_exception_may_open() -> None:
    sunday = CalendarException("Advent", date(2026, 11, 29), hours=(Hours(time(13), time(18)),))
    shop = replace(SHOP, exceptions=(sunday,))
    assert shop.next_edge(berlin("2026-11-28T12:00")) == berlin("2026-11-29T13:00")


def test_a_night_shift_ends_at_midnight_when_a_holiday_begins_and_the_holidays_own_goes_on() -> None:
    hotline = replace(HOTLINE, exceptions=(HOLIDAY,))
    assert hotline.next_edge(berlin("2026-04-30T23:00")) == berlin("2026-05-01T00:00")
    assert hotline.next_edge(berlin("2026-05-01T00:00")) == berlin("2026-05-02T22:00")
    festive = CalendarException("Feast", date(2026, 5, 1), date(2026, 5, 2), (NIGHT,))
    assert replace(HOTLINE, exceptions=(festive,)).next_edge(berlin("2026-05-01T23:00")) == berlin("2026-05-02T06:00")
    assert replace(HOTLINE, exceptions=(festive,)).next_edge(berlin("2026-05-02T23:00")) == berlin("2026-05-03T06:00")


def test_the_first_exception_that_names_a_day_counts() -> None:
    first = CalendarException("Short day", HOLIDAY.first, hours=(Hours(time(10), time(12)),))
    assert open_at(replace(SHOP, exceptions=(first, HOLIDAY)), "2026-05-01T11:00")
    assert not open_at(replace(SHOP, exceptions=(HOLIDAY, first)), "2026-05-01T11:00")


def test_a_rule_without_a_last_day_goes_on_for_ever() -> None:
    assert open_at(SHOP, "2087-03-03T10:00")
    until = replace(SHOP, weekly=(WeeklyHours((MON,), (OFFICE,), date(2026, 3, 2), date(2026, 3, 9)),))
    assert until.next_edge(berlin("2020-01-01T10:00")) == berlin("2026-03-02T09:00")
    assert until.next_edge(berlin("2026-03-09T17:00")) is None


def test_what_never_changes_has_no_edge() -> None:
    assert ALWAYS.next_edge(datetime(2026, 3, 2, tzinfo=UTC)) is None
    assert ALWAYS.is_open(datetime(2026, 3, 2, tzinfo=UTC))
    never = BusinessCalendar("Never", "UTC")
    assert (never.is_open(datetime(2026, 3, 2, tzinfo=UTC)), never.next_edge(datetime(2026, 3, 2, tzinfo=UTC))) == (
        False,
        None,
    )


def test_it_is_open_without_a_break_until_a_holiday_years_ahead() -> None:
    holiday = CalendarException("Once", date(2031, 5, 1))
    calendar = replace(ALWAYS, exceptions=(holiday,))
    assert calendar.next_edge(datetime(2026, 3, 2, tzinfo=UTC)) == datetime(2031, 5, 1, tzinfo=UTC)
    assert calendar.next_edge(datetime(2031, 5, 1, tzinfo=UTC)) == datetime(2031, 5, 2, tzinfo=UTC)


# Clocks go forward on 29 March 2026 (02:00 → 03:00), and back on 25 October (03:00 → 02:00)


@pytest.mark.parametrize(("evening", "hours"), [("2026-03-27", 8), ("2026-03-28", 7), ("2026-10-24", 9)])
def test_a_night_is_as_long_as_clocks_make_it(evening: str, hours: int) -> None:
    opens = berlin(f"{evening}T22:00")
    closes = HOTLINE.next_edge(opens)
    assert closes - opens.astimezone(UTC) == timedelta(hours=hours)


def test_an_hour_that_is_skipped_begins_when_clocks_jump() -> None:
    jump = datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert moment(datetime(2026, 3, 29, 2, 30), BERLIN) == jump
    early = replace(SHOP, weekly=(WeeklyHours((SUN,), (Hours(time(2, 15), time(2, 45)),)),))
    assert early.next_edge(berlin("2026-03-28T12:00")) == berlin("2026-04-05T02:15")
    late = replace(SHOP, weekly=(WeeklyHours((SUN,), (Hours(time(2, 30), time(4)),)),))
    assert late.next_edge(berlin("2026-03-28T12:00")) == jump


def test_a_time_that_comes_twice_means_the_first() -> None:
    twice = replace(SHOP, weekly=(WeeklyHours((SUN,), (Hours(time(1), time(2, 30)),)),))
    assert twice.next_edge(berlin("2026-10-25T01:00")) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert not twice.is_open(berlin("2026-10-25T02:15", fold=1))


# Always

clock = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
hours = st.lists(st.builds(Hours, clock, clock), min_size=1, max_size=3).map(tuple)
near = st.dates(date(2026, 3, 20), date(2026, 11, 5))
spans = st.tuples(st.none() | near, st.none() | near).map(lambda it: it if None in it else tuple(sorted(it)))
weekly = st.builds(
    lambda days, hours, span: WeeklyHours(tuple(days), hours, *span),
    st.lists(st.sampled_from(Weekday), min_size=1, max_size=7, unique=True), hours, spans,
)  # fmt: skip
exceptions = st.builds(
    lambda first, more, hours: CalendarException("Exception", first, first + timedelta(days=more), hours),
    near, st.integers(0, 3), st.just(()) | hours,
)  # fmt: skip
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"])
calendars = st.builds(
    BusinessCalendar, st.just("Any"), zones, st.lists(weekly, max_size=3).map(tuple), st.lists(exceptions, max_size=3).map(tuple)
)  # fmt: skip
moments = st.datetimes(datetime(2026, 3, 20), datetime(2026, 11, 5), timezones=st.just(UTC))


@settings(deadline=None)
@given(calendars, moments, st.lists(st.floats(0, 0.999), max_size=10))
@example(replace(HOTLINE, exceptions=(HOLIDAY,)), datetime(2026, 3, 28, tzinfo=UTC), [0.5])
def test_between_here_and_the_next_edge_nothing_changes_and_there_it_does(calendar, at, shares) -> None:
    calendar.check()
    now, edge = calendar.is_open(at), calendar.next_edge(at)
    end = edge or at + timedelta(days=400)
    assert end > at
    assert all(calendar.is_open(at + (end - at) * share) is now for share in shares if share < 1)
    assert calendar.is_open(end - timedelta(microseconds=1)) is now
    if edge is not None:
        assert calendar.is_open(edge) is not now


@settings(deadline=None)
@given(calendars, moments)
def test_where_clocks_never_change_it_is_what_the_wall_clock_says(calendar, at) -> None:
    calendar = replace(calendar, time_zone="UTC")
    today, before = at.date(), at.date() - timedelta(days=1)

    def exception(day: date) -> CalendarException | None:
        return next((it for it in calendar.exceptions if it.first <= day <= it.last), None)

    def those(day: date) -> list[Hours]:
        if (it := exception(day)) is not None:
            return list(it.hours)
        ours = [rule for rule in calendar.weekly if list(Weekday)[day.weekday()] in rule.days]
        ours = [it for it in ours if (it.first or day) <= day <= (it.last or day)]
        return [hours for rule in ours for hours in rule.hours]

    def over_night(hours: Hours) -> bool:
        return hours.closes <= hours.opens

    now = at.time()
    today_open = any(it.opens <= now and (over_night(it) or now < it.closes) for it in those(today))
    goes_on = exception(today) is None or exception(today) is exception(before)
    assert calendar.is_open(at) is (
        today_open or (goes_on and any(over_night(it) and now < it.closes for it in those(before)))
    )


@settings(deadline=None)
@given(zones, st.lists(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)), min_size=2, max_size=2))
def test_later_on_the_wall_is_never_earlier(zone: str, walls: list[datetime]) -> None:
    early, late = sorted(walls)
    assert moment(early, ZoneInfo(zone)) <= moment(late, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (replace(SHOP, time_zone="Mars/Base"), "time_zone"),
        (replace(SHOP, time_zone=""), "time_zone"),
        (replace(SHOP, time_zone="../etc/passwd"), "time_zone"),
        (replace(SHOP, weekly=(WeeklyHours((), (OFFICE,)),)), "weekly[0]"),
        (replace(SHOP, weekly=(WeeklyHours((MON,), ()),)), "weekly[0]"),
        (replace(SHOP, weekly=(WeeklyHours((MON,), (OFFICE,), date(2026, 1, 2), date(2026, 1, 1)),)), "weekly[0].last"),
        (replace(SHOP, weekly=(WeeklyHours((MON,), (Hours(time(9, tzinfo=UTC), time(10)),)),)), "weekly[0].hours[0]"),
        (replace(SHOP, exceptions=(replace(HOLIDAY, name=""),)), "exceptions[0].name"),
        (replace(SHOP, exceptions=(replace(HOLIDAY, first=date(1970, 1, 1)),)), "exceptions[0].first"),
        (replace(SHOP, exceptions=(HOLIDAY,) * 501), "exceptions"),
    ],
)
def test_a_refusal_names_the_field(wrong: BusinessCalendar, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        wrong.check()
    assert refused.value.field == field
