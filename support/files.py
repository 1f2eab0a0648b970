"""Files on messages: which are let in, and how they are kept.

A file must be of a kind on the list by its name and by its first bytes. It is kept under a random path, and only ever handed out as
a download (`Attachment.objects.visible_to` and `.public` say to whom).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import PurePath
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from .models import FOLDER, Attachment, Message

LARGEST = 10 * 1024 * 1024
MOST = 10
HEAD = 4096


def _starts(*magic: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(magic)


def _webp(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


ACTIVE = re.compile(rb"<\s*(!doctype|html|script|svg|iframe|body)\b", re.IGNORECASE)


def _text(head: bytes) -> bool:
    """Text that no browser would take for a page."""
    return b"\0" not in head and ACTIVE.search(head) is None


_zip = _starts(b"PK\x03\x04", b"PK\x05\x06")
OFFICE = "application/vnd.openxmlformats-officedocument."
OPEN = "application/vnd.oasis.opendocument."

#: ending -> (content type it is handed out with, test of the first bytes)
KINDS: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    "png": ("image/png", _starts(b"\x89PNG\r\n\x1a\n")),
    "jpg": ("image/jpeg", _starts(b"\xff\xd8\xff")),
    "jpeg": ("image/jpeg", _starts(b"\xff\xd8\xff")),
    "gif": ("image/gif", _starts(b"GIF87a", b"GIF89a")),
    "webp": ("image/webp", _webp),
    "pdf": ("application/pdf", _starts(b"%PDF-")),
    "txt": ("text/plain", _text),
    "log": ("text/plain", _text),
    "csv": ("text/csv", _text),
    "docx": (f"{OFFICE}wordprocessingml.document", _zip),
    "xlsx": (f"{OFFICE}spreadsheetml.sheet", _zip),
    "pptx": (f"{OFFICE}presentationml.presentation", _zip),
    "odt": (f"{OPEN}text", _zip),
    "ods": (f"{OPEN}spreadsheet", _zip),
    "odp": (f"{OPEN}presentation", _zip),
    "zip": ("application/zip", _zip),
}


def clean_name(name: str) -> str:
    """The last part of a file's name, without control characters and marks that turn text around."""
    bare = PurePath(name.replace("\\", "/")).name
    kept = "".join(letter for letter in bare if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    stem, dot, ending = kept.strip().rpartition(".")
    return f"{stem[:180]}{dot}{ending}" if stem else kept[:180]


def check(files: Sequence[Any]) -> list[tuple[str, str, bytes]]:
    """(name, content type, bytes) of each file; ValidationError at "attachments" that names what is wrong with which."""
    if len(files) > MOST:
        raise ValidationError({"attachments": _("At most %(count)s files go with one message.") % {"count": MOST}})
    found, errors = [], []
    for file in files:
        name = clean_name(str(file.name))
        kind = KINDS.get(name.rpartition(".")[2].lower())
        if file.size > LARGEST:
            errors.append(_("“%(name)s” is larger than 10 MB.") % {"name": name})
            continue
        file.seek(0)
        content = file.read()
        if not content:
            errors.append(_("“%(name)s” is empty.") % {"name": name})
        elif kind is None or not kind[1](content[:HEAD]):
            errors.append(_("“%(name)s” is not of a kind that is accepted.") % {"name": name})
        else:
            found.append((name, kind[0], content))
    if errors:
        raise ValidationError({"attachments": errors})
    return found


def keep(message: Message, files: Sequence[tuple[str, str, bytes]]) -> list[Attachment]:
    """Stores checked files with their message."""
    rows = []
    for name, content_type, content in files:
        row = Attachment(message=message, name=name, content_type=content_type, size=len(content))
        row.sha256 = hashlib.sha256(content).hexdigest()
        row.file.save(name, ContentFile(content), save=False)
        row.save()
        rows.append(row)
    return rows


def sweep(now: dt.datetime, folder: str = FOLDER) -> int:
    """Removes files that no row knows, from transactions that were rolled back after they had written; returns how many. A file that
    was written within the last day may belong to a transaction that still runs."""
    removed = 0
    folders, names = default_storage.listdir(folder) if default_storage.exists(folder) else ([], [])
    paths = [f"{folder}/{name}" for name in names]
    for start in range(0, len(paths), 500):
        part = paths[start : start + 500]
        known = set(Attachment.objects.filter(file__in=part).values_list("file", flat=True))
        for path in part:
            if path not in known and default_storage.get_modified_time(path) < now - dt.timedelta(days=1):
                default_storage.delete(path)
                removed += 1
    return removed + sum(sweep(now, f"{folder}/{name}") for name in folders)


def remove_later(attachments: Sequence[Attachment]) -> None:
    """Has the files of deleted rows removed once the deletion is committed."""
    for path in [row.file.name for row in attachments]:
        transaction.on_commit(partial(default_storage.delete, str(path)))
