"""Tickets, their messages and history, calendars and service levels."""

from .derived import ReplyWait, SlaSegment, SlaTarget, TicketFacts
from .messages import FOLDER, Attachment, Message, random_path
from .setup import Calendar, CalendarVersion, Desk, Queue, SavedReply, SlaGoal, SlaPolicy, Tag, TicketStatus
from .tickets import Ticket, TicketState, TicketTag, TicketTask

__all__ = [
    "FOLDER",
    "Attachment",
    "Calendar",
    "CalendarVersion",
    "Desk",
    "Message",
    "Queue",
    "ReplyWait",
    "SavedReply",
    "SlaGoal",
    "SlaPolicy",
    "SlaSegment",
    "SlaTarget",
    "Tag",
    "Ticket",
    "TicketFacts",
    "TicketState",
    "TicketStatus",
    "TicketTag",
    "TicketTask",
    "random_path",
]
