"""The fixed lists of support."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Category(TextChoices):
    """What a status means to clocks and numbers; statuses themselves are data."""

    OPEN = "open", _("Open")
    WAITING_CUSTOMER = "waiting_customer", _("Waiting on customer")
    WAITING_OTHER = "waiting_other", _("Waiting on third party")
    DONE = "done", _("Done")


WAITING = (Category.WAITING_CUSTOMER, Category.WAITING_OTHER)


class Priority(TextChoices):
    LOW = "low", _("Low")
    NORMAL = "normal", pgettext_lazy("priority", "Normal")
    HIGH = "high", _("High")
    URGENT = "urgent", _("Urgent")


#: Priorities by how pressing they are, to sort by.
RANK = {Priority.LOW: 0, Priority.NORMAL: 1, Priority.HIGH: 2, Priority.URGENT: 3}


class Channel(TextChoices):
    WEB = "web", _("Web form")
    EMAIL = "email", _("E-mail")
    PHONE = "phone", _("Phone")
    CHAT = "chat", _("Chat")
    API = "api", _("API")
    OTHER = "other", _("Other")


class Visibility(TextChoices):
    """Who may read a message. It has no default: whoever writes one says it."""

    PUBLIC = "public", _("Public reply")
    NOTE = "note", _("Internal note")


class Author(TextChoices):
    CUSTOMER = "customer", _("Customer")
    AGENT = "agent", _("Agent")
    SYSTEM = "system", _("System")


class MailState(TextChoices):
    NONE = "none", _("Not mailed")
    QUEUED = "queued", _("Waiting to be sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Not delivered")


class WaitOutcome(TextChoices):
    """How a customer's wait for an answer ended."""

    WAITING = "waiting", _("Waiting")
    ANSWERED = "answered", _("Answered")
    CLOSED_UNANSWERED = "closed_unanswered", _("Solved without an answer")


class Metric(TextChoices):
    """What a service level promises. STATED is the verdict that an import brought along."""

    FIRST_RESPONSE = "first_response", _("First response")
    NEXT_REPLY = "next_reply", _("Next reply")
    RESOLUTION = "resolution", _("Resolution")
    STATED = "stated", _("As imported")


PROMISED = (Metric.FIRST_RESPONSE, Metric.NEXT_REPLY, Metric.RESOLUTION)


class Outcome(TextChoices):
    """Where a service-level target stands. Met and breached are decided; the last two never count."""

    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    MET = "met", _("Met")
    BREACHED = "breached", _("Breached")
    SUPERSEDED = "superseded", _("Replaced")
    CANCELLED = "cancelled", _("Cancelled")


UNDECIDED = (Outcome.RUNNING, Outcome.PAUSED)
DECIDED = (Outcome.MET, Outcome.BREACHED)
