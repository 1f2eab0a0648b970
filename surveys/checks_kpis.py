"""The formulas of the customers' voice, written a second time for the check: over what was recounted from the records."""

from __future__ import annotations

from analytics.checking import Recount
from analytics.checking_published import Asked, Formula, Parts, formula, formulas, ratio
from contacts.checks import cohort


def flow(recount: Recount, asked: Asked, key: str, measure: str) -> int:
    return recount.total(f"surveys.{key}", measure, asked.start, asked.end, asked.dimension, asked.member)


def share(key: str, top: str, scale: int, per: int = 1) -> Formula:
    """scale x a sum over confirmed answers / their number."""

    def value(recount: Recount, asked: Asked) -> Parts:
        above = flow(recount, asked, key, f"{key}_{top}")
        return ratio(above / per if per != 1 else above, flow(recount, asked, key, f"{key}_answers"), scale)

    return value


formulas.register("nps", share("nps", "balance", 100))
formulas.register("ces", share("ces", "ease", 1, 1_000_000))
formulas.register("ces_ease_rate", share("ces", "easy", 100))
formulas.register("csat", share("csat", "positive", 100))


@formula("csat_mean")
def csat_mean(recount: Recount, asked: Asked) -> Parts:
    """None where the scales differ: their ends have a variance."""
    names = ("answers", "score", "lowest", "lowest_squared", "highest", "highest_squared")
    n, score, low, low2, high, high2 = (flow(recount, asked, "csat", f"csat_{name}") for name in names)
    if n * low2 != low * low or n * high2 != high * high:
        return None, score, n
    return ratio(score, n)


@formula("survey_response_rate")
def survey_response_rate(recount: Recount, asked: Asked) -> Parts:
    return cohort(
        recount, asked, "surveys.invitations", "invitations_answered", "invitations_delivered", "survey_response_window"
    )
