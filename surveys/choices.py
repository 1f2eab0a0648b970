"""The closed lists of surveys, and the derived sets written once."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    NPS = "nps", _("NPS")
    CES = "ces", _("CES")
    CSAT = "csat", _("CSAT")


class Polarity(models.TextChoices):
    """Which end of the scale is the good one. Never guessed from the numbers; NPS and CSAT are always high."""

    HIGH = "high_is_easy", _("High is good")
    LOW = "low_is_easy", _("Low is good")


class Trigger(models.TextChoices):
    TICKET_SOLVED = "ticket_solved", _("Ticket solved")
    DEAL_WON = "deal_won", _("Deal won")
    DAYS_AFTER_START = "days_after", _("Days after becoming a customer")
    MANUAL = "manual", _("By hand")
    API = "api", _("API")
    IMPORT = "import", _("Import")


class InvitationState(models.TextChoices):
    PLANNED = "planned", _("Planned")
    SKIPPED = "skipped", _("Not sent")
    QUEUED = "queued", _("Being sent")
    SENT = "sent", _("Sent")
    BOUNCED = "bounced", _("Bounced")
    FAILED = "failed", _("Could not be sent")
    ANSWERED = "answered", _("Answered")
    EXPIRED = "expired", _("Expired")
    WITHDRAWN = "withdrawn", _("Withdrawn")


PENDING = (InvitationState.PLANNED, InvitationState.QUEUED)
CLOSED = (InvitationState.SKIPPED, InvitationState.EXPIRED, InvitationState.WITHDRAWN)  # nobody can answer any more


class Skip(models.TextChoices):
    """Why an invitation was not sent."""

    THROTTLED = "throttled", _("Asked too recently")
    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
    NO_ADDRESS = "no_address", _("No e-mail address")
    SAMPLED_OUT = "sampled_out", _("Not in the sample")
    INACTIVE = "inactive", _("Survey switched off")
    REOPENED = "reopened", _("Reopened before it was sent")
    ALREADY_ASKED = "already_asked", _("Already asked about this")


class ResponseState(models.TextChoices):
    CONFIRMED = "confirmed", _("Confirmed")
    QUARANTINED = "quarantined", _("In quarantine")
    REJECTED = "rejected", _("Rejected")


class Suspicion(models.TextChoices):
    """Why an answer looks automatic; each is a signal, none a rejection."""

    FAST_POST = "fast_post", _("Sent less than 2 seconds after the page was opened")
    FAST_AFTER_MAIL = "fast_after_mail", _("Sent less than 30 seconds after the mail was delivered")
    MANY_VALUES = "many_values", _("Several scores were opened within 10 seconds")
    DECOY = "decoy", _("The hidden link was opened")
    HONEYPOT = "honeypot", _("The hidden field was filled in")


class Band(models.TextChoices):
    PROMOTER = "promoter", _("Promoter")
    PASSIVE = "passive", _("Passive")
    DETRACTOR = "detractor", _("Detractor")
    POSITIVE = "positive", _("Satisfied")
    NEUTRAL = "neutral", _("Neutral")
    NEGATIVE = "negative", _("Not satisfied")
    EASY = "easy", _("Easy")
    HARD = "hard", _("Hard")


#: The bands of each kind, the best first.
BANDS: dict[str, tuple[str, ...]] = {
    Kind.NPS: (Band.PROMOTER, Band.PASSIVE, Band.DETRACTOR),
    Kind.CES: (Band.EASY, Band.NEUTRAL, Band.HARD),
    Kind.CSAT: (Band.POSITIVE, Band.NEUTRAL, Band.NEGATIVE),
}
LOW_BANDS = (Band.DETRACTOR, Band.NEGATIVE, Band.HARD)
GOOD_BANDS = (Band.PROMOTER, Band.POSITIVE, Band.EASY)


class FollowUp(models.TextChoices):
    """Who gets the task of a low score."""

    OWNER = "owner", _("The owner of the ticket, deal or company")
    MANAGER = "manager", _("The manager of the owner's team")
    USER = "user", _("Always the same person")
    NOBODY = "nobody", _("Nobody")
