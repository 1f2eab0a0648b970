"""The kernel's tables."""

from .events import Event, EventLink
from .imports import ImportChunk, ImportIssue, ImportRun
from .jobs import DuePeriod, Heartbeat, Job, JobState
from .organisation import ExchangeRate, Organisation
from .record import Record, fresh_number, next_number
from .tokens import ApiToken, IdempotencyKey
from .users import ActiveDay, LoginEvent, Team, User, UserSpan

__all__ = [
    "ActiveDay",
    "ApiToken",
    "DuePeriod",
    "Event",
    "EventLink",
    "ExchangeRate",
    "Heartbeat",
    "IdempotencyKey",
    "ImportChunk",
    "ImportIssue",
    "ImportRun",
    "Job",
    "JobState",
    "LoginEvent",
    "Organisation",
    "Record",
    "Team",
    "User",
    "UserSpan",
    "fresh_number",
    "next_number",
]
