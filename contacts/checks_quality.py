"""The check of data quality: values that pass their field's test, records that are fresh, records entered twice."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from babel import Locale

from analytics.checking import Recount, text

Row = dict[str, Any]
FRESH = dt.timedelta(days=180)
NO_COUNTRIES = ("EU", "EZ", "QO", "UN", "XA", "XB", "ZZ")


def is_address(said: str) -> bool:
    """Something, one @, and names with dots between them, without blanks."""
    name, at, host = said.partition("@")
    return bool(name and at and "." in host and all(host.split("."))) and not set(said.replace("@", "", 1)) & {" ", "@"}


def is_country(code: str) -> bool:
    return len(code) == 2 and code in Locale("en").territories and code not in NO_COUNTRIES


#: entity -> field -> whether what is filled in passes; upper apps add theirs.
TESTS: dict[str, dict[str, Callable[[Row], bool]]] = {
    "company": {"country": lambda row: is_country(row["country"])},
    "person": {"email": lambda row: row["sound_email"], "phone": lambda row: row["sound_phone"]},
    "lead": {"email": lambda row: is_address(row["email"])},
}


#: entity -> how the log calls it; upper apps add theirs.
LABELS = {entity: f"contacts.{entity}" for entity in TESTS}


def letters(name: str) -> str:
    """A name without case, accents, blanks and signs."""
    return "".join(char for char in unicodedata.normalize("NFKD", name).casefold() if char.isalnum())[:200]


#: entity -> what records agree in that are the same thing entered twice; None for what matches nothing.
KEYS: dict[str, Callable[[Row], Any]] = {
    "company": lambda row: letters(row["name"]) or None,
    "person": lambda row: (letters(row["name"]), row["company_id"]) if letters(row["name"]) and row["company_id"] else None,
    "lead": lambda row: row["email"].strip().lower() or None if row["status"] in ("new", "working", "qualified") else None,
}


def read_addresses(recount: Recount) -> None:
    """People of whom an address does not pass, and those of whom a number does not."""
    bad: dict[str, set[int]] = {"email": set(), "phone": set()}
    for person, email in recount.rows("SELECT person_id, email FROM contacts_personemail"):
        if not is_address(email):
            bad["email"].add(person)
    for (person,) in recount.rows("SELECT person_id FROM contacts_personphone WHERE e164 = ''"):
        bad["phone"].add(person)
    recount.notes["bad_addresses"] = bad


def begin(recount: Recount, entity: str, plural: str) -> None:
    for way in ("in", "out"):
        recount.stream(f"{plural}.fresh_{way}", f"{plural}_fresh")
    recount.notes[f"{plural} touched"] = _touched(recount, entity)
    recount.notes[f"{plural} matched"] = defaultdict(list)


def _touched(recount: Recount, entity: str) -> dict[int, set[dt.date]]:
    """record -> the days on which somebody or a sync touched it."""
    found: dict[int, set[dt.date]] = defaultdict(set)
    sql = "SELECT subject_id, recorded_at, kind FROM crm_event WHERE subject_type = %s AND origin <> 'system'"
    for pk, at, kind in recount.rows(sql, [LABELS[entity]]):
        moment = recount.instant(at)
        if kind.startswith(f"{entity}.") and kind != f"{entity}.deleted" and moment is not None:
            found[pk].add(recount.day(moment))
    return found


def count(recount: Recount, entity: str, plural: str, row: Row, born: dt.date) -> None:
    """When the record was fresh, and what it could match."""
    members = {"owner": text(row["owner_id"]), "team": text(row["team_id"])}
    began: dt.date | None = None
    until = born
    for day in sorted({born} | {max(day, born) for day in recount.notes[f"{plural} touched"].get(row["id"], ())}):
        if began is not None and day > until:
            _fresh(recount, plural, members, began, until)
            began = None
        began, until = began or day, day + FRESH
    assert began is not None
    _fresh(recount, plural, members, began, until)
    key = KEYS[entity](row) if entity in KEYS else None
    if key is not None:
        place = recount.instant(row["created_at"]), row["id"]
        recount.notes[f"{plural} matched"][key].append((place, born, row["source"]))


def _fresh(recount: Recount, plural: str, members: dict[str, str], began: dt.date, until: dt.date) -> None:
    recount.add(f"{plural}.fresh_in", began, members, (1,))
    recount.add(f"{plural}.fresh_out", until, members, (1,))


def compare(recount: Recount, entity: str, plural: str) -> None:
    recount.compare(f"{plural}.fresh_in")
    recount.compare(f"{plural}.fresh_out")
    if entity not in KEYS:
        return
    recount.stream(f"{plural}.surplus", f"{plural}_surplus")
    for found in recount.notes[f"{plural} matched"].values():
        for _place, day, source in sorted(found)[1:]:
            recount.add(f"{plural}.surplus", day, {"source": source}, (1,))
    recount.compare(f"{plural}.surplus")
