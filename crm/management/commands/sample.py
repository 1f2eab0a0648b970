"""Fills an empty database with sample data."""

from __future__ import annotations

import time
from typing import Any

from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandParser

from crm import sample


class Command(BaseCommand):
    help = "Fills an empty database with three years of an invented firm's sales. Does nothing when there is data."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-refresh", action="store_true", help="Leave the numbers to be computed by the worker.")

    def handle(self, *args: Any, **options: Any) -> None:
        quiet = options["verbosity"] == 0
        started = time.monotonic()
        filled = sample.fill(tell=lambda text: None if quiet else self.stdout.write(f"  {text} …"))
        if filled is None:
            self.stdout.write("The database holds data already; nothing was added.")
            return
        if not quiet:
            self.stdout.write(f"Sample data is in: {time.monotonic() - started:.1f} s.")
        if not options["no_refresh"] and "refresh" in get_commands():
            call_command("refresh", all=True, verbosity=options["verbosity"])
