"""Imports a CSV or XLSX file from the command line, by the same steps as the page.

Exit code 0 when the file was read, also when rows were refused (the report and --json say how many); 1 when the file itself
cannot be imported, with one sentence on standard error.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import socket
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from crm.exports import safe_cell
from crm.imports import engine, report
from crm.imports.errors import FileRefused
from crm.imports.mapping import Options
from crm.imports.registry import kinds
from crm.models import ImportRun, Organisation

State = ImportRun.State


class Command(BaseCommand):
    help = "Imports a CSV or XLSX file: every row is created, updated, unchanged or refused with its line and reason."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", help=", ".join(kinds.keys()))
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--map",
            nargs="+",
            action="extend",
            default=[],
            metavar="FIELD=COLUMN",
            help="which column is which field; FIELD= leaves it out",
        )
        parser.add_argument(
            "--default", nargs="+", action="extend", default=[], metavar="FIELD=VALUE", help="for blank cells and absent columns"
        )
        parser.add_argument(
            "--alias", nargs="+", action="extend", default=[], metavar="FIELD:FROM=TO", help="reads one value as another"
        )
        parser.add_argument(
            "--date-format", default="", help="%%d/%%m/%%Y, d/m/Y or DD/MM/YYYY; found out by itself where it can be"
        )
        parser.add_argument("--zone", default="", help="time zone of dates and times; the organisation's by default")
        parser.add_argument("--decimal", default="", help=". or , ; found out by itself where it can be")
        parser.add_argument("--encoding", default="", help="found out by itself")
        parser.add_argument("--dry-run", action="store_true", help="does everything, writes nothing, reports the same")
        parser.add_argument("--errors", type=Path, help="writes the refused rows to this CSV file")
        parser.add_argument("--json", action="store_true", help="prints one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        Organisation.forget()
        try:
            run = self.prepare(options)
        except FileRefused as error:
            sentence = f"{error} ({error.hint})" if error.hint else str(error)
            if options["json"]:
                self.stdout.write(json.dumps({"error": sentence}, ensure_ascii=False))
            self.stderr.write(sentence)
            sys.exit(1)
        self.work(run)
        run.refresh_from_db()
        run.chunks.all().delete()
        if options["errors"]:
            self.write_errors(run, options["errors"])
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(run), ensure_ascii=False, default=str))
        else:
            self.stdout.write("\n".join(report.as_text(run, time.monotonic() - began)))

    def prepare(self, options: dict[str, Any]) -> ImportRun:
        """A run that is ready for its first step, or one of the same file that was cut off. Raises FileRefused."""
        kind = options["kind"]
        if kind not in kinds:
            raise FileRefused(f"“{kind}” cannot be imported. Kinds: {', '.join(kinds.keys())}.")
        read = Options(
            map=pairs(options["map"], "--map"),
            default=pairs(options["default"], "--default"),
            alias=aliases(options["alias"]),
            date_format=options["date_format"],
            zone=options["zone"],
            decimal=options["decimal"],
            encoding=options["encoding"],
        )
        read.check(kinds[kind])
        mark = fingerprint(options["file"], kind, read, options["dry_run"])
        cut_off = self.cut_off(kind, mark)
        if cut_off is not None:
            self.stderr.write(f"Going on at row {cut_off.next_row + 1}, where an import of this file was cut off.")
            return cut_off
        run = engine.stage(kind, options["file"], options=read, dry_run=options["dry_run"])
        try:
            engine.plan(run)
        except BaseException:
            run.delete()
            raise
        run.options |= {"process": [socket.gethostname(), os.getpid()], "mark": mark}
        run.save(update_fields=["options"])
        engine.start(run)
        return run

    def cut_off(self, kind: str, mark: str) -> ImportRun | None:
        """An unfinished run of the same file with the same options, whose process is gone."""
        for run in ImportRun.objects.filter(kind=kind, state__in=(State.WAITING, State.RUNNING), options__mark=mark):
            host, pid = run.options.get("process", ["", 0])
            if host == socket.gethostname() and not alive(pid):
                run.options["process"] = [host, os.getpid()]
                run.save(update_fields=["options"])
                return run
        return None

    def work(self, run: ImportRun) -> None:
        show = sys.stderr.isatty()
        while engine.step(run.pk):
            if show:
                run.refresh_from_db(fields=["next_row"])
                self.stderr.write(f"\r{run.next_row:,} / {run.rows:,}", ending="")
        if show:
            self.stderr.write("\r", ending="")

    def write_errors(self, run: ImportRun, path: Path) -> None:
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.writer(file)
            for row in report.error_rows(run):
                writer.writerow([safe_cell(cell) for cell in row])


def pairs(items: list[str], option: str) -> dict[str, str]:
    """ "field=column" as a dict. Raises FileRefused."""
    found = {}
    for item in items:
        key, sign, value = item.partition("=")
        if not sign or not key:
            raise FileRefused(f"{option} takes FIELD=…, not “{item}”.")
        found[key.strip()] = value.strip()
    return found


def aliases(items: list[str]) -> dict[str, dict[str, str]]:
    """ "field:from=to" as field -> from -> to. Raises FileRefused."""
    found: dict[str, dict[str, str]] = {}
    for item in items:
        key, colon, rest = item.partition(":")
        old, sign, new = rest.partition("=")
        if not colon or not sign or not old:
            raise FileRefused(f"--alias takes FIELD:FROM=TO, not “{item}”.")
        found.setdefault(key.strip(), {})[old.strip()] = new.strip()
    return found


def fingerprint(path: Path, kind: str, read: Options, dry_run: bool) -> str:
    """What makes two runs the same; empty when the file cannot be read."""
    digest = hashlib.sha256(json.dumps([kind, str(read), dry_run]).encode())
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
