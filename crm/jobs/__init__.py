"""Jobs: work that happens after a click, kept in the database.

The job table is the queue of record. A side effect is a row written in the transaction of its cause, so it exists exactly
when its cause does. Workers take rows by lease; Celery messages only ring the bell, and a sweep finds what was not rung.

    @jobs.kind("contacts.welcome", label=_("Welcome mail"))
    def welcome(job: Job) -> None:
        person = Person.objects.get(pk=job.payload["person"])
        ...

    jobs.enqueue("contacts.welcome", {"person": person.pk}, key=f"person:{person.pk}")

What a handler can count on, and what it must do:

- It runs inside `transaction.atomic()` and is marked done in that transaction: its rows and "done" commit together or not
  at all. After a kill it runs again from the start, so effects on our own tables happen exactly once.
- `@jobs.kind(name, atomic=False)` is for effects outside (mail, webhooks): at least once. `job.pk` is the stable id.
- A step lasts at most 30 s. A handler with more to do writes how far it came into its own rows and calls `job.again()`:
  the same job waits for its next step. `job.progress` and `job.total` show on the jobs page.
- An exception means: try again later, five times in all, then the job is given up and waits for a person.
  `raise jobs.GiveUp("why")` gives up at once.
- A key makes the job unique while it waits, and jobs of one kind and key run one after the other. An enqueue that finds
  one waiting is covered by it: it will start after the enqueuing transaction commits.
"""

from .kinds import GiveUp, Kind, kind, kinds
from .queue import cancel, enqueue, retry
from .runner import idle, run_all, run_one, sign, work

__all__ = ["GiveUp", "Kind", "cancel", "enqueue", "idle", "kind", "kinds", "retry", "run_all", "run_one", "sign", "work"]
