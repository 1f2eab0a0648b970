"""The check of what people do: activities and tasks."""

from __future__ import annotations

from analytics.checking import Recount, checks, text
from analytics.checking_published import Asked, Parts, formula, ratio
from analytics.checks import days_so_far, working_life


def count_work(recount: Recount) -> None:
    """Activities by the day they took place, tasks by the day they were due."""
    recount.stream("activities.done", "activities_done")
    sql = "SELECT at, kind, owner_id, team_id FROM contacts_activity WHERE kind <> 'note' AND NOT by_machine"
    for at, kind, owner, team in recount.rows(sql):
        moment = recount.instant(at)
        assert moment is not None
        members = {"owner": text(owner), "team": text(team), "activity_type": kind}
        recount.add("activities.done", recount.day(moment), members, (1,))
    recount.compare("activities.done")
    recount.stream("tasks.due", "tasks_due", "tasks_overdue")
    sql = "SELECT due_at, missed_at, done_at, owner_id, team_id FROM contacts_task WHERE due_at IS NOT NULL OR missed_at IS NOT NULL"
    for due, missed, done, owner, team in recount.rows(sql):
        due, missed, done = recount.instant(due), recount.instant(missed), recount.instant(done)
        in_time = missed is None and done is not None and done <= due
        members = {"owner": text(owner), "team": text(team)}
        recount.add("tasks.due", recount.day(missed or due), members, (1, int(not in_time)))
    recount.compare("tasks.due")


checks.register("work", count_work)


@formula("activities_per_rep")
def activities_per_rep(recount: Recount, asked: Asked) -> Parts:
    """Activities / (full-time equivalents on an average day so far x weekdays so far)."""
    top = recount.total("activities.done", "activities_done", asked.start, asked.end, asked.dimension, asked.member)
    days = days_so_far(recount, asked)
    if not days:
        return None, top, None
    weekdays = sum(day.weekday() < 5 for day in days)
    return ratio(top, working_life(recount, asked)[1] / 100 / len(days) * weekdays)


@formula("overdue_task_rate")
def overdue_task_rate(recount: Recount, asked: Asked) -> Parts:
    """Of tasks whose day is over."""
    span = asked.start, min(asked.end, recount.today), asked.dimension, asked.member
    return ratio(recount.total("tasks.due", "tasks_overdue", *span), recount.total("tasks.due", "tasks_due", *span), 100)
