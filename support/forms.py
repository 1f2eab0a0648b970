"""The forms of tickets: what staff write and change, and what customers send without a login."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.crypto import get_random_string
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts.forms import PEOPLE_URL, company_field, known_company
from contacts.models import Company, Person
from crm.editing import RecordForm
from crm.forms import CreatableModelChoiceField, MomentField

from .choices import Channel, Visibility
from .files import KINDS, LARGEST, MOST
from .models import Queue, Ticket, TicketStatus
from .owners import workers

LONGEST = 50_000
AFTER = (("next", _("Next ticket in this view")), ("stay", _("Stay here")), ("list", _("Back to the list")))
HOTKEYS = {"owner": "a", "status": "s", "priority": "p"}


# --- files -----------------------------------------------------------------------------------------------------------


def limits() -> str:
    """How many files go with one message, and how large they may be, in the reader's language."""
    return gettext("At most %(count)s files of %(size)s MB each.") % {"count": MOST, "size": LARGEST // 1024**2}


class FilesInput(forms.FileInput):
    """A file field that takes several."""

    allow_multiple_selected = True

    def __init__(self, attrs: dict | None = None) -> None:
        super().__init__({"accept": ",".join(f".{ending}" for ending in KINDS), **(attrs or {})})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name)


class FilesField(forms.FileField):
    """Several files; the cleaned value is a list. Kind and size of each are checked where they are kept (`support.files`)."""

    def __init__(self, **kwargs: Any) -> None:
        defaults = {"required": False, "label": _("Attachments"), "help_text": lazy(limits, str)(), "allow_empty_file": True}
        super().__init__(**{**defaults, "widget": FilesInput(), **kwargs})

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(FilesField, self).clean(file, initial) for file in data or () if file]


# --- staff -----------------------------------------------------------------------------------------------------------


class MessageForm(forms.Form):
    """Words, files, or both; and a service's errors at their fields."""

    def clean(self) -> dict:
        data = super().clean() or self.cleaned_data
        if not data.get("body") and not data.get("attachments") and "body" not in self.errors:
            self.add_error("body", _("Write something, or attach a file."))
        return data

    def take_errors(self, error: ValidationError) -> None:
        """A service's errors, at their fields where the form has them."""
        for name, errors in getattr(error, "error_dict", {None: error}).items():
            self.add_error(name if name in self.fields else None, errors)


class ReplyForm(MessageForm):
    """The composer: a public reply or an internal note.

    `last`: the newest message that the writer had before his eyes. `nonce` makes a form that is sent twice one message.
    """

    visibility = forms.ChoiceField(
        choices=Visibility.choices, widget=forms.RadioSelect(attrs={"data-segments": ""}), label=_("Kind of message")
    )
    body = forms.CharField(
        max_length=LONGEST, required=False, strip=True, widget=forms.Textarea(attrs={"rows": 5}), label=_("Text")
    )
    attachments = FilesField(help_text="")
    status = forms.ModelChoiceField(TicketStatus.objects.filter(active=True), label=_("Status after sending"), required=False)
    after = forms.ChoiceField(choices=AFTER, label=_("Then"), required=False)
    last = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**63 - 1)
    nonce = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].empty_label = _("Leave as it is")  # type: ignore[attr-defined]


def fresh_nonce() -> str:
    return get_random_string(32)


def person_field(**kwargs: Any) -> CreatableModelChoiceField:
    """A person, found while typing or created."""
    return CreatableModelChoiceField(
        Person.objects.all(), new=lambda name: Person(name=name[:200]), url=PEOPLE_URL, required=False, **kwargs
    )


class TicketForm(RecordForm):
    """What a ticket is; what is said on it has the composer."""

    requester = person_field(label=_("Requester"))
    company = company_field()
    tags = forms.CharField(label=_("Tags"), required=False, max_length=600, help_text=_("With commas between them."))

    class Meta:
        model = Ticket
        fields = ["subject", "status", "owner", "priority", "queue", "type", "requester", "email", "company", "channel"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.record.pk and "tags" not in self.initial:
            self.initial["tags"] = ", ".join(tag.name for tag in self.record.tags.all())
        self._offer("queue", Queue.objects.filter(active=True))
        self._offer("status", TicketStatus.objects.filter(active=True))
        if "owner" in self.fields:
            self._offer("owner", workers(self.user))
            self.fields["owner"].label = _("Assignee")
            self.fields["owner"].empty_label = _("Nobody")  # type: ignore[attr-defined]

        for name, key in HOTKEYS.items():
            if name in self.fields:
                self.fields[name].widget.attrs["data-hotkey"] = key

    def _offer(self, name: str, rows: QuerySet) -> None:
        """What may be chosen, and what is there already."""
        field: Any = self.fields.get(name)
        if field is not None:
            field.queryset = (rows | rows.model._default_manager.filter(pk=getattr(self.record, f"{name}_id"))).distinct()

    def clean_company(self) -> Company | None:
        return known_company(self.fields["company"].queryset, self.cleaned_data["company"])  # type: ignore[attr-defined]

    def clean_tags(self) -> list[str]:
        names = [" ".join(name.split()) for name in self.cleaned_data["tags"].split(",")]
        if any(len(name) > 60 for name in names):
            raise ValidationError(_("A tag has at most 60 letters."))
        return [name for name in names if name]

    def changed_tags(self) -> list[str] | None:
        """The tags when they were touched, for `change_ticket`."""
        return self.cleaned_data["tags"] if "tags" in self.changed_data or self.creating else None


class NewTicketForm(TicketForm):
    """A ticket that an agent writes down, of a call or on somebody's behalf, with its first message."""

    requester_email = forms.EmailField(label=_("E-mail of the new person"), required=False)
    requester_phone = forms.CharField(label=_("Phone of the new person"), required=False, max_length=40)
    opened_by = forms.ChoiceField(
        label=_("Who says this?"),
        choices=(
            ("customer", _("The customer told us")),
            ("reply", _("We write to the customer (mailed)")),
            ("note", _("Internal note – team only")),
        ),
        widget=forms.RadioSelect,
    )
    body = forms.CharField(label=_("Message"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 6}))
    attachments = FilesField()

    class Meta(TicketForm.Meta):
        fields = ["requester", "subject", "company", "queue", "priority", "type", "channel", "owner"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["requester"].required = True
        self.fields["queue"].required = False
        self.fields["queue"].empty_label = None  # type: ignore[attr-defined]
        self.initial.setdefault("channel", Channel.PHONE)
        self.initial["queue"] = self.initial.get("queue") or self.default_queue()

    @staticmethod
    def default_queue() -> int | None:
        found = Queue.objects.filter(active=True).order_by("-is_default", "position", "pk").first()
        return found.pk if found else None


class TicketTaskForm(forms.Form):
    """A follow-up in a line."""

    title = forms.CharField(label=_("Follow-up"), max_length=200)
    due_at = MomentField(label=_("Due"), required=False)


# --- customers -------------------------------------------------------------------------------------------------------


class HelpForm(MessageForm):
    """The public form. `website` is a trap: people do not see it."""

    name = forms.CharField(label=_("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        label=_("Your e-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    queue = forms.ModelChoiceField(Queue.objects.none(), label=_("What is it about?"), required=False)
    subject = forms.CharField(label=_("Subject"), max_length=200)
    body = forms.CharField(label=_("How can we help?"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 7}))
    attachments = FilesField()
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        queues = Queue.objects.filter(active=True, public=True)
        self.fields["queue"].queryset = queues  # type: ignore[attr-defined]
        self.fields["queue"].empty_label = _("I am not sure")  # type: ignore[attr-defined]
        if len(queues) < 2:
            del self.fields["queue"]

    def clean_name(self) -> str:
        """A name is shown to people: one line, and no web address."""
        name = " ".join(self.cleaned_data["name"].split())
        if "://" in name or "www." in name.lower():
            raise ValidationError(_("Please write your name."))
        return name


class CustomerReplyForm(MessageForm):
    """What a customer writes on the page behind the link."""

    body = forms.CharField(label=_("Your message"), max_length=LONGEST, required=False, widget=forms.Textarea(attrs={"rows": 5}))
    attachments = FilesField()
    nonce = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)
