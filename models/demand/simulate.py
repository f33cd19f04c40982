"""A simulated café: one year of its sales, hour by hour, and the features of a forecast.

Everything random comes from one seed. The sales of an item in an hour are Poisson distributed around

    popularity * hour curve * weekday effect * (price / mean price) ** -ELASTICITY * drift

where popularity differs by item, the curve and the weekday effect differ by kind, prices change a few times a year, and
the drift is a weekly variation of each item times the season of the whole café.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SEED = 1234
ITEMS = 48
WEEKS = 52
DAY, WEEK = 24, 168
HOURS = WEEKS * WEEK
OPENS, CLOSES = 7, 21

ELASTICITY = 1.5
TYPICAL_DAILY_SALES = 22.0
POPULARITY_SPREAD = 0.5
PRICE_SPREAD = 0.25
PRICE_CHANGES_A_YEAR = 4
SEASON_SWING = 0.15
# Share of the drift that carries over to the next week, and standard deviation of its weekly change.
DRIFT_LASTS, DRIFT_SPREAD = 0.9, 0.08

# For each kind: share of the items, price, rush hours as (hour, width, weight), and factors from Monday to Sunday.
KINDS = (
    (0.50, 4500, ((8.5, 1.2, 1.0), (13.0, 2.0, 0.5), (16.0, 2.0, 0.3)), (1.10, 1.10, 1.10, 1.10, 1.15, 0.80, 0.65)),
    (0.25, 8500, ((12.5, 0.9, 1.0), (18.5, 1.2, 0.4)), (1.10, 1.10, 1.10, 1.10, 1.00, 0.90, 0.70)),
    (0.25, 6000, ((15.5, 1.6, 1.0), (10.0, 1.5, 0.3)), (0.75, 0.80, 0.85, 0.90, 1.10, 1.40, 1.20)),
)

# Maximum lead time of a forecast, and the history that it uses.
LONGEST_LEAD = 6 * DAY
DAYS_LOOKED_BACK = 28
WEEKS_LOOKED_BACK = 4

Hours = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sales:
    """Simulated history: arrays of ``[item, hour]``. The first hour is a Monday's 0:00 UTC."""

    rate: Floats
    sold: Hours
    price: Floats
    mean_price: Floats
    launch: Hours


@dataclass(frozen=True)
class Questions:
    """Requested forecasts, one a row: item, hour, time of the request, and start of the sales records."""

    item: Hours
    hour: Hours
    asked: Hours
    recorded_since: Hours


def simulate() -> Sales:
    """Simulate the year. Half of the items are on sale from the start, the others launch during the year."""
    random = np.random.default_rng(SEED)
    kind = np.repeat(np.arange(len(KINDS)), [round(share * ITEMS) for share, *_ in KINDS])
    launch = np.where(random.random(ITEMS) < 0.5, 0, random.integers(0, HOURS // DAY, ITEMS) * DAY)
    price = prices(random, kind)
    is_on_sale = np.arange(HOURS) >= launch[:, None]
    mean_price = (price * is_on_sale).sum(axis=0) / is_on_sale.sum(axis=0)

    popularity = TYPICAL_DAILY_SALES * random.lognormal(0.0, POPULARITY_SPREAD, ITEMS)
    shape = np.stack([week_shape(curve, weekdays) for _, _, curve, weekdays in KINDS])
    by_hour = np.tile(shape[kind], WEEKS)
    rate = popularity[:, None] * by_hour * (price / mean_price) ** -ELASTICITY * drift(random) * is_on_sale
    return Sales(rate, random.poisson(rate), price, mean_price, launch)


def prices(random: np.random.Generator, kind: Hours) -> Floats:
    """The price of each item in each hour."""
    start = np.array([KINDS[one][1] for one in kind]) * random.lognormal(0.0, PRICE_SPREAD, len(kind))
    changes = random.random((ITEMS, HOURS)) < PRICE_CHANGES_A_YEAR / HOURS
    factors = np.where(changes, random.uniform(0.85, 1.2, (ITEMS, HOURS)), 1.0)
    return np.asarray(start[:, None] * np.cumprod(factors, axis=1))


def week_shape(curve: tuple[tuple[float, float, float], ...], weekdays: tuple[float, ...]) -> Floats:
    """Distribution of a kind's sales over the hours of a week: mean 1 a day, and 0 outside of opening hours."""
    hours = np.arange(DAY)
    bumps = sum(weight * np.exp(-(((hours + 0.5 - at) / width) ** 2) / 2) for at, width, weight in curve)
    day = np.where((hours >= OPENS) & (hours < CLOSES), bumps, 0.0)
    week = np.outer(weekdays, day / day.sum()).ravel()
    return np.asarray(week * 7 / week.sum())


def drift(random: np.random.Generator) -> Floats:
    """The café's season times the weekly variation of each item."""
    own = np.zeros((ITEMS, WEEKS))
    news = random.normal(0.0, DRIFT_SPREAD, (ITEMS, WEEKS))
    for week in range(1, WEEKS):
        own[:, week] = DRIFT_LASTS * own[:, week - 1] + news[:, week]
    season = SEASON_SWING * np.sin(2 * np.pi * np.arange(WEEKS) / WEEKS)
    return np.asarray(np.repeat(np.exp(own + season), WEEK, axis=1))


def is_open(hour: Hours) -> NDArray[np.bool_]:
    """Whether the café is open in an hour."""
    return np.asarray((hour % DAY >= OPENS) & (hour % DAY < CLOSES))


def all_questions(sales: Sales, first: int, end: int) -> Questions:
    """One question for each item on sale and hour from ``first`` up to ``end``, with a random lead time."""
    random = np.random.default_rng(SEED + first)
    item, hour = np.nonzero(np.arange(HOURS) >= sales.launch[:, None])
    wanted = (hour >= first) & (hour < end)
    item, hour = item[wanted], hour[wanted]
    asked = np.maximum(hour - random.integers(0, LONGEST_LEAD + 1, len(hour)), 0)
    return Questions(item, hour, asked, sales.launch[item])


def with_short_memory(questions: Questions, share: float) -> Questions:
    """The same questions, a share of them with sales records of at most four weeks.

    A model trained on such rows can forecast new items and new cafés.
    """
    random = np.random.default_rng(SEED)
    began = questions.asked - random.integers(0, DAYS_LOOKED_BACK * DAY, len(questions.asked))
    is_short = random.random(len(began)) < share
    since = np.where(is_short, np.maximum(began, questions.recorded_since), questions.recorded_since)
    return Questions(questions.item, questions.hour, questions.asked, since)


def without_memory(questions: Questions) -> Questions:
    """The same questions without sales records."""
    return Questions(questions.item, questions.hour, questions.asked, questions.asked)


def in_opening_hours(questions: Questions) -> Questions:
    """The questions about opening hours."""
    kept = is_open(questions.hour)
    return Questions(
        questions.item[kept], questions.hour[kept], questions.asked[kept], questions.recorded_since[kept]
    )


def sold_last_week(sales: Sales, questions: Questions) -> Floats:
    """Sales in the same hour a week before: the baseline forecast."""
    return sales.sold[questions.item, np.maximum(questions.hour - WEEK, 0)].astype(np.float64)


def features(sales: Sales, questions: Questions) -> NDArray[np.float32]:
    """The features at the time of the request, one a column. ``DemandPipeline`` in src/demand computes the same."""
    item, hour, asked = questions.item, questions.hour, questions.asked
    first = np.minimum(first_sale(sales)[item, questions.recorded_since], asked)

    def at(when: Hours) -> Floats:
        return np.where(when >= first, sales.sold[item, np.maximum(when, 0)], 0).astype(np.float64)

    def total(counts: Floats, since: Hours) -> Floats:
        sums = np.pad(np.cumsum(counts, axis=1), ((0, 0), (1, 0)))
        return np.asarray(sums[item, asked] - sums[item, np.maximum(since, first)])

    days = (asked - first) / DAY
    four_weeks_ago = asked - DAYS_LOOKED_BACK * DAY
    last_at_hour = asked - 1 - (asked - 1 - hour) % DAY
    same_hour = np.sum([at(last_at_hour - day * DAY) for day in range(DAYS_LOOKED_BACK)], axis=0)
    same_weekday = np.sum([at(hour - week * WEEK) for week in range(1, WEEKS_LOOKED_BACK + 1)], axis=0)
    price = sales.price[item, hour]
    sold, paid = total(sales.sold, four_weeks_ago), total(sales.sold * sales.price, four_weeks_ago)
    columns = (
        price / sales.mean_price[hour],
        np.where(sold > 0, price * sold / np.maximum(paid, 1.0), 1.0),
        hour % DAY,
        hour // DAY % 7,
        same_hour / np.clip(days, 1, DAYS_LOOKED_BACK),
        same_weekday / np.clip((hour - first) // WEEK, 1, WEEKS_LOOKED_BACK),
        total(sales.sold, asked - WEEK) / np.clip(days, 1, 7),
        np.minimum(days // 1, DAYS_LOOKED_BACK),
    )
    return np.stack(columns, axis=1).astype(np.float32)


def first_sale(sales: Sales) -> Hours:
    """For each item and hour, the next hour with a sale, itself included."""
    hours = np.where(sales.sold > 0, np.arange(HOURS), HOURS)
    return np.asarray(np.minimum.accumulate(hours[:, ::-1], axis=1)[:, ::-1])
