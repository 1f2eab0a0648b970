"""The closed lists of contacts, and the derived sets written once."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LeadStatus(models.TextChoices):
    NEW = "new", _("New")
    WORKING = "working", _("Working")
    QUALIFIED = "qualified", _("Qualified")
    CONVERTED = "converted", _("Converted")
    UNRESPONSIVE = "unresponsive", _("No response")
    DISQUALIFIED = "disqualified", _("Disqualified")


OPEN_LEADS = (LeadStatus.NEW, LeadStatus.WORKING, LeadStatus.QUALIFIED)


class ActivityKind(models.TextChoices):
    CALL = "call", _("Call")
    MAIL = "mail", _("E-mail")
    MEETING = "meeting", _("Meeting")
    NOTE = "note", _("Note")


TOUCHES = (ActivityKind.CALL, ActivityKind.MAIL, ActivityKind.MEETING)  # a note touches nobody


class Direction(models.TextChoices):
    OUTBOUND = "out", _("Outbound")
    INBOUND = "in", _("Inbound")
    TWO_WAY = "both", _("Two-way")


REACHES_OUT = (Direction.OUTBOUND, Direction.TWO_WAY)


class Outcome(models.TextChoices):
    REACHED = "reached", _("Reached")
    NO_ANSWER = "no_answer", _("No answer")
    VOICEMAIL = "voicemail", _("Left a message")
    WRONG_NUMBER = "wrong_number", _("Wrong number")


class ContactType(models.TextChoices):
    WORK = "work", _("Work")
    MOBILE = "mobile", _("Mobile")
    HOME = "home", _("Private")
    OTHER = "other", _("Other")


class Consent(models.TextChoices):
    UNKNOWN = "unknown", _("Not asked")
    GRANTED = "granted", _("Given")
    DENIED = "denied", _("Refused")
