"""Runs an import in steps of 1,000 rows, each in its own transaction.

stage()  reads the file into chunks, in a draft run: nothing else is needed from then on.
plan()   maps columns, settles dates and numbers by the whole file; what makes no sense is refused here, before any row.
step()   writes one chunk with its counts, refusals and `next_row` in one transaction, so a run that is killed goes on exactly
         where it stopped. In a dry run the rows are rolled back and the rest is kept.

Command, page and job all use these three.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import logging
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from .. import access, events
from ..crash import crashpoint
from ..models import ImportChunk, ImportIssue, ImportRun, Organisation
from ..periods import organisation_zone
from . import mapping
from .errors import FileRefused
from .index import Index
from .mapping import Options, Plan
from .readers import COMMAND, Limits, open_table
from .registry import Kind, Row, kinds

CHUNK = 1000
MEMORY = -1  # the chunk number of what a dry run remembers
EXAMPLES = 5
ISSUE_TEXT = 1000
LOCK = 5_106_263
KEPT = dt.timedelta(days=2)
State = ImportRun.State

logger = logging.getLogger(__name__)


def pack(data: Any) -> bytes:
    return zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"), 1)


def unpack(data: bytes) -> Any:
    return json.loads(zlib.decompress(data).decode("utf-8", "surrogatepass"))


# --- reading the file ------------------------------------------------------------------------------------------------


def stage(
    kind: str,
    path: Path,
    *,
    name: str = "",
    options: Options | None = None,
    actor: Any = None,
    dry_run: bool = False,
    limits: Limits = COMMAND,
) -> ImportRun:
    """Reads the file into a draft run. Raises FileRefused, and leaves nothing behind then."""
    options = options or Options()
    table = open_table(path, encoding=options.encoding, limits=limits)
    run = ImportRun.objects.create(
        kind=kind,
        file_name=(name or path.name).replace("\x00", "")[:255],
        options={
            "read": dataclasses.asdict(options),
            "headers": table.headers,
            "facts": table.facts,
            "language": translation.get_language() or "en",
        },
        dry_run=dry_run,
        state=State.DRAFT,
        actor=actor,
    )
    try:
        run.rows = 0
        batch: list[Any] = []
        for row in table.rows:
            batch.append(row)
            if len(batch) == CHUNK:
                run.rows += _store(run, batch)
                batch = []
        run.rows += _store(run, batch)
        run.save(update_fields=["rows"])
    except BaseException:
        run.delete()
        raise
    return run


def _store(run: ImportRun, batch: list[Any]) -> int:
    if batch:
        ImportChunk.objects.create(run=run, number=run.rows // CHUNK, rows=pack(batch))
    return len(batch)


def chunk_rows(run: ImportRun, number: int) -> list[Any]:
    """The rows of one chunk: [line, cells, flaw] each."""
    return unpack(bytes(run.chunks.get(number=number).rows))


def all_cells(run: ImportRun) -> Iterator[list[Any]]:
    """Every row's cells, a chunk in memory at a time."""
    for number in range((run.rows + CHUNK - 1) // CHUNK):
        for _line, cells, flaw in chunk_rows(run, number):
            if not flaw:
                yield cells


def options_of(run: ImportRun) -> Options:
    return Options(**run.options["read"])


def may_import(user: Any, kind: Kind) -> bool:
    """Whether the user may import this kind; the command line may import all."""
    return user is None or (
        access.may(user, "import", "run") and all(access.may(user, resource, action) for resource, action in kind.needs)
    )


def plan(run: ImportRun) -> Plan:
    """Maps columns and surveys the file, and keeps the result with the run. Raises FileRefused."""
    kind, options, headers = kinds[run.kind], options_of(run), run.options["headers"]
    made = mapping.match_columns(kind, headers, options)
    reader = mapping.Reader(kind, made, options, organisation_zone())
    for key, text in options.default.items():
        item = kind.field(key)
        assert item is not None
        try:
            reader.value(item, text)
        except ValueError as error:
            raise FileRefused(f"--default {key}={text}: {error}.") from error
    mapping.survey(kind, made, options, all_cells(run), headers)
    kind.check(made)
    run.options["plan"] = dataclasses.asdict(made)
    run.save(update_fields=["options"])
    return made


# --- one step --------------------------------------------------------------------------------------------------------


class Step:
    """What a kind is given beside the rows: who imports, how to find things, and where to say what was done on the way."""

    def __init__(self, run: ImportRun, plan: Plan, indexes: dict[str, Index]) -> None:
        self.run, self.plan = run, plan
        self.organisation = Organisation.current()
        self.zone: ZoneInfo = organisation_zone()
        self.indexes = indexes
        self.notes: dict[str, dict[str, Any]] = {}
        self.made_names: list[tuple[str, str]] = []
        self._fresh: set[str] = set()

    @property
    def actor(self) -> Any:
        return self.run.actor

    def may(self, resource: str, action: str) -> bool:
        """Whether the person who imports may do this at all; the command line may."""
        return self.actor is None or access.may(self.actor, resource, action)

    def scope(self, resource: str, action: str) -> str | None:
        return "all" if self.actor is None else access.scope_of(self.actor, resource, action)

    def may_own(self, resource: str, user: Any) -> bool:
        """Whether a record may be given to this user: a manager gives only to the own teams."""
        scope = self.scope(resource, "change")
        if scope == "all":
            return True
        return user is not None and (
            user.pk == self.actor.pk or (scope == "team" and user.team_id in access.team_ids(self.actor))
        )

    def may_change(self, record: Any, resource: str) -> bool:
        """Whether an existing record may be changed by whoever imports."""
        scope = self.scope(resource, "change")
        if scope == "all":
            return True
        if record.owner_id == self.actor.pk:
            return scope is not None
        return scope == "team" and record.team_id is not None and record.team_id in access.team_ids(self.actor)

    def index(self, name: str, make: Any) -> Index:
        """The index of that name, made once a run and brought up to date once a step."""
        if name not in self.indexes:
            self.indexes[name] = Index(make)
        if name not in self._fresh:
            self.indexes[name].refresh()
            self._fresh.add(name)
        return self.indexes[name]

    def note(self, key: str, text: str, example: str = "", count: int = 1) -> None:
        """Counts something that was decided for the user; `key` is what is counted together."""
        note = self.notes.setdefault(key, {"key": key, "text": text, "count": 0, "examples": []})
        note["count"] += count
        if example and example not in note["examples"] and len(note["examples"]) < EXAMPLES:
            note["examples"].append(example)

    def note_once(self, key: str, text: str) -> None:
        """Says something once a run, however many rows it concerns."""
        if key not in self.notes and all(note["key"] != key for note in self.run.notes):
            self.note(key, text)

    def made(self, what: str, name: str) -> None:
        """Reports something that was created because a row named it."""
        self.made_names.append((what, name))

    def _mark(self) -> tuple[str, int]:
        return json.dumps(self.notes), len(self.made_names)

    def _back(self, mark: tuple[str, int]) -> None:
        self.notes = json.loads(mark[0])
        del self.made_names[mark[1] :]
        for index in self.indexes.values():
            index.reset()
        self._fresh.clear()


#: The indexes of the run this process worked on last, under (run, the row they fit). A step that was rolled back leaves
#: ids behind that never came to be; then the place does not fit and they are read anew.
_indexes: dict[tuple[int, int], dict[str, Index]] = {}


def step(run_id: int) -> bool:
    """Does the next thousand rows; True when there are more. Raises nothing for bad rows."""
    with transaction.atomic():
        _lock()
        run = ImportRun.objects.select_for_update(of=("self",)).get(pk=run_id)
        if run.state not in (State.WAITING, State.RUNNING):
            return False
        with translation.override(run.options.get("language") or "en"), events.acting(run.actor, events.Origin.IMPORT):
            Organisation.remember()
            try:
                _do(run)
            finally:
                Organisation.forget()
        crashpoint("import.step")
    return run.state == State.RUNNING


def _lock() -> None:
    """One import writes at a time: two that name the same new company make it once."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCK])


def _do(run: ImportRun) -> None:
    kind, options = kinds[run.kind], options_of(run)
    made = Plan(**run.options["plan"])
    if run.next_row < run.rows:
        kept = _indexes.get((run.pk, run.next_row), {})
        _indexes.clear()
        work = Step(run, made, kept)
        reader = mapping.Reader(kind, made, options, work.zone)
        rows = [reader.row(*row) for row in chunk_rows(run, run.next_row // CHUNK)]
        _write(kind, rows, work)
        _count(run, kind, rows, work)
        _indexes[run.pk, run.next_row] = work.indexes
    run.state = State.RUNNING if run.next_row < run.rows else State.DONE
    if run.state == State.DONE:
        run.finished_at = timezone.now()
        if not run.dry_run:
            run.chunks.all().delete()
        _indexes.clear()
    run.save()


def _write(kind: Kind, rows: list[Row], work: Step) -> None:
    """Writes the rows; rolled back in a dry run."""
    with transaction.atomic():
        for layer in layers(kind, [row for row in rows if not row.refused]):
            _save(kind, layer, work)
        if work.run.dry_run:
            transaction.set_rollback(True)
    if work.run.dry_run:
        _remember(kind, rows, work)
        for index in work.indexes.values():
            index.reset()


def layers(kind: Kind, rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Cuts the rows so that no two of one layer speak of the same record: the second must see what the first wrote."""
    layer: list[Row] = []
    seen: set[str] = set()
    for row in rows:
        names = set(kind.identities(row)) - {""}
        if names & seen:
            yield layer
            layer, seen = [], set()
        layer.append(row)
        seen |= names
    if layer:
        yield layer


def _save(kind: Kind, rows: list[Row], work: Step, retry: bool = True) -> None:
    """Saves all rows at once; when the database refuses, halves them until the bad one is alone. One bad row stops nothing."""
    rows = [row for row in rows if not row.refused]
    if not rows:
        return
    mark = work._mark()
    try:
        with transaction.atomic():
            kind.save(rows, work)
        return
    except (OperationalError, InterfaceError):
        raise  # the database, not the row
    except Exception as error:
        if not isinstance(error, ValidationError | IntegrityError | DataError | OverflowError):
            logger.exception("Import %s could not save rows", work.run.pk)
        work._back(mark)
        for row in rows:
            row.result = row.column = row.value = row.reason = ""
        if len(rows) == 1 and not retry:
            refuse_by(rows[0], kind, error)
            return
    if len(rows) == 1:
        _save(kind, rows, work, retry=False)
        return
    middle = len(rows) // 2
    _save(kind, rows[:middle], work)
    _save(kind, rows[middle:], work)


def refuse_by(row: Row, kind: Kind, error: Exception) -> None:
    """Turns what saving raised into the row's reason."""
    if isinstance(error, ValidationError):
        if hasattr(error, "error_dict"):
            key, messages = next(iter(error.message_dict.items()))
            row.refuse("" if key == NON_FIELD_ERRORS else key, " ".join(messages))
        else:
            row.refuse("", " ".join(error.messages))
    elif isinstance(error, IntegrityError):
        row.refuse("", _("contradicts another record: %(error)s") % {"error": str(error).splitlines()[0]})
    else:
        row.refuse("", _("could not be saved: %(error)s") % {"error": (str(error) or type(error).__name__).splitlines()[0]})


def _remember(kind: Kind, rows: list[Row], work: Step) -> None:
    """A dry run's steps do not see what earlier steps would have written; this corrects their counts."""
    run = work.run
    chunk = run.chunks.filter(number=MEMORY).first()
    memory: dict[str, Any] = unpack(bytes(chunk.rows)) if chunk else {"rows": {}, "made": []}
    made = {tuple(item) for item in memory["made"]}
    work.made_names = [item for item in work.made_names if item not in made]
    for row in rows:
        if row.refused or not row.result:
            continue
        names = [name for name in kind.identities(row) if name]
        print_of = zlib.crc32(json.dumps(row.raw, sort_keys=True).encode("utf-8", "replace"))
        before = [memory["rows"][name] for name in names if name in memory["rows"]]
        if before and row.result == "created":
            row.result = "unchanged" if before[0] == print_of else "updated"
        memory["rows"].update(dict.fromkeys(names, print_of))
    memory["made"] += work.made_names
    ImportChunk.objects.update_or_create(run=run, number=MEMORY, defaults={"rows": pack(memory)})


def _count(run: ImportRun, kind: Kind, rows: list[Row], work: Step) -> None:
    headers = run.options["headers"]
    issues = []
    for row in rows:
        if not row.result:
            row.refuse("", _("was not handled"))
        setattr(run, row.result, getattr(run, row.result) + 1)
        if row.refused:
            place = work.plan.columns.get(row.column)
            issues.append(
                ImportIssue(
                    run=run,
                    line=row.line,
                    column=headers[place][:120] if place is not None else row.column,
                    value=clean_text(
                        row.value or (str(row.cells[place]) if place is not None and place < len(row.cells) else "")
                    ),
                    reason=row.reason[:ISSUE_TEXT],
                    row=[clean_text(str(cell)) for cell in row.cells],
                )
            )
    ImportIssue.objects.bulk_create(issues, batch_size=500)
    run.next_row += len(rows)
    for what, name in work.made_names:
        entry = run.made.setdefault(what, {"count": 0, "names": []})
        entry["count"] += 1
        if len(entry["names"]) < 20:
            entry["names"].append(name)
    notes = {note["key"]: note for note in run.notes}
    for key, note in work.notes.items():
        if key not in notes:
            run.notes.append(note)
            continue
        notes[key]["count"] += note["count"]
        notes[key]["examples"] = list(dict.fromkeys([*notes[key]["examples"], *note["examples"]]))[:EXAMPLES]


def clean_text(text: str) -> str:
    """Text that PostgreSQL can store, cut to a readable length."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()[:ISSUE_TEXT]


# --- whole runs ------------------------------------------------------------------------------------------------------


def start(run: ImportRun) -> None:
    """From draft to waiting: the steps may begin."""
    run.state = State.WAITING
    run.save(update_fields=["state"])


def in_earnest(run: ImportRun) -> None:
    """Makes a finished dry run a real one that has not begun."""
    run.issues.all().delete()
    run.chunks.filter(number=MEMORY).delete()
    run.dry_run, run.state, run.finished_at = False, State.WAITING, None
    run.next_row = run.created = run.updated = run.unchanged = run.refused = 0
    run.made, run.notes = {}, []
    run.save()


def tidy() -> None:
    """Lets go of rows that nobody came back for: drafts, and dry runs that were not repeated in earnest."""
    old = timezone.now() - KEPT
    ImportRun.objects.filter(state=State.DRAFT, created_at__lt=old).delete()
    ImportChunk.objects.filter(run__state=State.DONE, run__created_at__lt=old).delete()


def stop(run: ImportRun) -> bool:
    """Stops a run between two steps; what was written stays. False when it was over already."""
    changed = ImportRun.objects.filter(pk=run.pk, state__in=(State.DRAFT, State.WAITING, State.RUNNING)).update(
        state=State.CANCELLED, finished_at=timezone.now()
    )
    if changed:
        ImportChunk.objects.filter(run=run).delete()
    return bool(changed)


def fail(run: ImportRun, message: str) -> None:
    """Ends a run that could not be done as a whole."""
    ImportRun.objects.filter(pk=run.pk).update(state=State.FAILED, error=message, finished_at=timezone.now())
    ImportChunk.objects.filter(run=run).delete()
