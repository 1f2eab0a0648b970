"""The formulas of selling, written a second time for the check: over what was recounted from the records."""

from __future__ import annotations

import datetime as dt
from functools import partial

from analytics.checking import Recount
from analytics.checking_published import Asked, Formula, Parts, formula, formulas, median, ratio
from analytics.checks import days_so_far, working_life
from contacts.checks import cohort

DAY_SECONDS = 86_400
DAY = dt.timedelta(days=1)


def flow(recount: Recount, asked: Asked, measure: str, key: str = "deals.closed") -> int:
    return recount.total(key, measure, asked.start, asked.end, asked.dimension, asked.member)


def additive(key: str, *measures: str) -> Formula:
    """The sum of measures of one stream."""

    def value(recount: Recount, asked: Asked) -> Parts:
        found = sum(flow(recount, asked, measure, key) for measure in measures)
        return found, found, None

    return value


def share(top: str, *bottom: str) -> Formula:
    """100 x a measure of closed deals / the sum of others."""

    def value(recount: Recount, asked: Asked) -> Parts:
        return ratio(flow(recount, asked, top), sum(flow(recount, asked, measure) for measure in bottom), 100)

    return value


@formula("average_discount_rate")
def average_discount_rate(recount: Recount, asked: Asked) -> Parts:
    given, full = (flow(recount, asked, measure, "deals.lines") for measure in ("deal_lines_discount", "deal_lines_list"))
    return ratio(given, full, 100)


def spread(name: str) -> Formula:
    """The median of kept durations."""

    def value(recount: Recount, asked: Asked) -> Parts:
        place = {"": None, "owner": 2, "team": 3}[asked.dimension]
        rows = recount.values[name]
        return median(
            [row[1] for row in rows if asked.start <= row[0] < asked.end and (place is None or row[place] == asked.member)]
        )

    return value


for _key, _formula in {
    "deals_created": additive("deals.created", "deals_created"),
    "deals_won": additive("deals.closed", "deals_won"),
    "won_amount": additive("deals.closed", "won_amount"),
    "deals_lost": additive("deals.closed", "deals_lost"),
    "pipeline_created": additive("deals.created", "pipeline_created"),
    "win_rate": share("deals_won", "deals_won", "deals_lost"),
    "win_rate_value": share("won_amount", "won_amount", "lost_amount"),
    "large_deal_share": share("won_large", "won_boundable"),
    "loss_reason_share": share("deals_lost", "deals_lost"),
    "sales_cycle_length": spread("sales_cycle"),
    "deal_cycle_length": spread("deal_cycle"),
    "touches_to_close": spread("touches"),
    "time_in_stage": spread("stage_time"),
}.items():
    formulas.register(_key, _formula)


@formula("pipeline_activities")
def pipeline_activities(recount: Recount, asked: Asked) -> Parts:
    parts = (
        ("deals.moved", "stage_moves"),
        ("deals.revalued", "amount_changes"),
        ("deals.touches", "deal_activities"),
        ("deals.tasks_done", "deal_tasks_done"),
    )
    found = sum(flow(recount, asked, measure, key) for key, measure in parts)
    return found, found, None


@formula("average_deal_size")
def average_deal_size(recount: Recount, asked: Asked) -> Parts:
    return ratio(flow(recount, asked, "won_amount"), flow(recount, asked, "won_valued"))


@formula("cohort_win_rate")
def cohort_win_rate(recount: Recount, asked: Asked) -> Parts:
    return cohort(recount, asked, "deals.created", "deals_created_then_won", "deals_created", "deal_win_window")


@formula("stage_conversion_rate")
def stage_conversion_rate(recount: Recount, asked: Asked) -> Parts:
    return cohort(recount, asked, "stages.entered", "stages_advanced", "stages_entered", "stage_conversion_window")


def over_mean_cycle(measure: str, recount: Recount, asked: Asked) -> Parts:
    """A sum of won deals / their mean days from creation to the win."""
    seconds, n, top = flow(recount, asked, "deal_cycle"), flow(recount, asked, "deal_cycle_n"), flow(recount, asked, measure)
    mean = seconds / n / DAY_SECONDS if n else None
    return (top / mean, top, mean) if mean else (None, top, mean)


formulas.register("pipeline_velocity", partial(over_mean_cycle, "deal_cycle_n"))
formulas.register("sales_velocity", partial(over_mean_cycle, "won_amount_in_cycle"))


def per_rep(measure: str, recount: Recount, asked: Asked) -> Parts:
    """A sum of won deals / mean full-time equivalents over the days of the period so far."""
    days = len(days_so_far(recount, asked))
    top = flow(recount, asked, measure)
    return ratio(top, working_life(recount, asked)[1] / 100 / days) if days else (None, top, None)


formulas.register("revenue_per_rep", partial(per_rep, "won_amount"))
formulas.register("deals_won_per_rep", partial(per_rep, "deals_won"))


# --- stocks ----------------------------------------------------------------------------------------------------------


def stock(recount: Recount, asked: Asked, measure: str, *, money: bool) -> int:
    """What was opened before the end less what was left before it; money in the base currency at the rate of the last day."""
    as_of = min(asked.end - DAY, recount.today)
    opened = recount.by_currency("deals.opened", measure, asked.end)
    for currency, amount in recount.by_currency("deals.left", measure, asked.end).items():
        opened[currency] -= amount
    if not money:
        return sum(opened.values())
    return sum(recount.converted(amount, currency, as_of) or 0 for currency, amount in opened.items())


@formula("open_pipeline")
def open_pipeline(recount: Recount, asked: Asked) -> Parts:
    found = stock(recount, asked, "open_amount", money=True)
    return found, found, None


@formula("weighted_pipeline")
def weighted_pipeline(recount: Recount, asked: Asked) -> Parts:
    found = stock(recount, asked, "open_weighted", money=True) / 100
    return found, found, None


@formula("average_open_deal_size")
def average_open_deal_size(recount: Recount, asked: Asked) -> Parts:
    as_of = min(asked.end - DAY, recount.today)
    valued = recount.by_currency("deals.opened", "open_valued", asked.end)
    for currency, count in recount.by_currency("deals.left", "open_valued", asked.end).items():
        valued[currency] -= count
    n = sum(count for currency, count in valued.items() if recount.converted(0, currency, as_of) is not None)
    return ratio(stock(recount, asked, "open_amount", money=True), n)


# --- decided by the period as a whole --------------------------------------------------------------------------------


def window(recount: Recount, asked: Asked, what: str) -> int:
    return recount.notes["windows"].number(what, asked.start, asked.end, (asked.dimension, asked.member))


@formula("close_rate")
def close_rate(recount: Recount, asked: Asked) -> Parts:
    return ratio(flow(recount, asked, "deals_won"), window(recount, asked, "progress"), 100)


@formula("slipped_deal_rate")
def slipped_deal_rate(recount: Recount, asked: Asked) -> Parts:
    return ratio(window(recount, asked, "slipped"), window(recount, asked, "expected"), 100)


@formula("stale_deals")
def stale_deals(recount: Recount, asked: Asked) -> Parts:
    found = window(recount, asked, "stale")
    return found, found, None


@formula("stale_deal_rate")
def stale_deal_rate(recount: Recount, asked: Asked) -> Parts:
    return ratio(window(recount, asked, "stale"), window(recount, asked, "open"), 100)


@formula("next_step_coverage")
def next_step_coverage(recount: Recount, asked: Asked) -> Parts:
    return ratio(window(recount, asked, "planned"), window(recount, asked, "open"), 100)
