"""The closed lists of deals."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Status(models.TextChoices):
    OPEN = "open", _("Open")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")


CLOSED = (Status.WON, Status.LOST)


class PersonRole(models.TextChoices):
    CONTACT = "contact", _("Contact")
    DECIDES = "decides", _("Decision maker")
    INFLUENCES = "influences", _("Influencer")
    BUYS = "buys", _("Buyer")
    USES = "uses", _("User")


class Growth(models.TextChoices):
    """What a line means for a customer who had bought before."""

    CROSS = "cross", _("A family that is new to the customer")
    UPSELL = "upsell", _("More, or dearer, of what the customer has")
    UNKNOWN = "unknown", _("Not known: it names no product")


class OrderKind(models.TextChoices):
    ORDER = "order", pgettext_lazy("sale", "Order")
    REFUND = "refund", _("Credit note")


class Billing(models.TextChoices):
    """How often a product is billed."""

    ONCE = "once", _("once")
    MONTH = "month", _("every month")
    QUARTER = "quarter", _("every quarter")
    YEAR = "year", _("every year")


class Interval(models.TextChoices):
    """How often a subscription is billed."""

    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")
    YEAR = "year", _("Year")


#: interval -> how many of them a year has
A_YEAR = {Interval.MONTH: 12, Interval.QUARTER: 4, Interval.YEAR: 1}


class SubscriptionStatus(models.TextChoices):
    UPCOMING = "upcoming", _("Upcoming")
    TRIAL = "trial", _("Trial")
    ACTIVE = "active", pgettext_lazy("subscription", "Active")
    PAUSED = "paused", _("Paused")
    CANCELLED = "cancelled", _("Cancelled")
    ENDED = "ended", _("Ended")
    RENEWED = "renewed", _("Renewed")


class CancelReason(models.TextChoices):
    """Why a subscription was cancelled."""

    PRICE = "price", _("Too expensive")
    UNUSED = "unused", _("Not used enough")
    MISSING = "missing", _("Something is missing")
    SERVICE = "service", _("Unhappy with the service")
    COMPETITOR = "competitor", _("Went to a competitor")
    CLOSED = "closed", _("Business closed")
    PAYMENT = "payment", _("Did not pay")
    OTHER = "other", _("Another reason")


class MovementKind(models.TextChoices):
    """What a movement of recurring revenue is to its account. Moved: from one plan, owner or team to another; the account pays the
    same."""

    NEW = "new", pgettext_lazy("recurring revenue", "New")
    EXPANSION = "expansion", _("Expansion")
    REACTIVATION = "reactivation", _("Reactivation")
    CONTRACTION = "contraction", _("Contraction")
    CHURN = "churn", _("Churn")
    MOVED = "moved", _("Moved")
