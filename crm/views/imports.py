"""Settings, Import: upload a file, say what its columns are, try it, import it, read what came of it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..exports import rows_response
from ..http import render_page
from ..import_kinds import run_in_background
from ..imports import engine, mapping, report
from ..imports.errors import FileRefused
from ..imports.readers import UPLOAD
from ..imports.registry import Kind, kinds
from ..imports.uploads import LARGEST
from ..models import ImportIssue, ImportRun, Job, JobState
from ..paging import Page, count_upto
from .settings_base import SettingsView

State = ImportRun.State
PREVIEW = 20
SAMPLES = 3
TONES = {State.DONE: "success", State.FAILED: "danger", State.RUNNING: "info", State.WAITING: "info"}


def allowed(user: Any) -> list[Kind]:
    """The kinds this user may import."""
    return [kind for kind in kinds if engine.may_import(user, kind)]


class UploadForm(forms.Form):
    """The kind of records and the file."""

    kind = forms.ChoiceField(label=gettext_lazy("What the file holds"))
    file = forms.FileField(
        label=gettext_lazy("File"), help_text=gettext_lazy("CSV or XLSX, up to 50 MB. The first row names the columns.")
    )

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.key, kind.label) for kind in allowed(user)]  # type: ignore[attr-defined]


class ReadingForm(forms.Form):
    """How dates and numbers are to be read, where the file does not say it."""

    date_format = forms.ChoiceField(
        label=gettext_lazy("Dates"),
        required=False,
        choices=[
            ("", gettext_lazy("Found out from the file")),
            ("d/m/Y", gettext_lazy("Day first: 31/12/2026")),
            ("m/d/Y", gettext_lazy("Month first: 12/31/2026")),
            ("d-m-y", "31-12-26"),
            ("d.m.Y", "31.12.2026"),
            ("Y-m-d", "2026-12-31"),
        ],
    )
    decimal = forms.ChoiceField(
        label=gettext_lazy("Decimal sign"),
        required=False,
        choices=[
            ("", gettext_lazy("Found out from the file")),
            (".", gettext_lazy("Point: 1,234.50")),
            (",", gettext_lazy("Comma: 1.234,50")),
        ],
    )


class ImportView(SettingsView):
    """Whoever may import sees the own runs; who may import everything sees all."""

    permission = ("import", "run")

    def runs(self) -> QuerySet[ImportRun]:
        from ..access import scope_of

        runs = ImportRun.objects.select_related("actor")
        return runs if scope_of(self.user, "import", "run") == "all" else runs.filter(actor=self.user)

    def run(self) -> ImportRun:
        run = self.runs().filter(pk=self.kwargs["pk"]).first()
        if run is None or run.kind not in kinds:
            raise Http404
        return run

    def to(self, run: ImportRun) -> HttpResponse:
        return HttpResponseRedirect(reverse("import_map" if run.state == State.DRAFT else "import_run", args=[run.pk]))


class Imports(ImportView):
    """The runs, newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        runs = self.runs()
        page = Page(runs, request.GET, count_upto(runs))
        rows = [
            {
                "run": run,
                "label": kinds[run.kind].label if run.kind in kinds else run.kind,
                "tone": TONES.get(State(run.state), ""),
            }
            for run in page.rows
        ]
        return self.draw("crm/imports.html", {"title": _("Import"), "rows": rows, "page": page})


class ImportNew(ImportView):
    """The upload. The file is read at once, so that everything else happens without it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.form(UploadForm(self.user, initial={"kind": request.GET.get("kind")}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = UploadForm(self.user, request.POST, request.FILES)
        status = 422
        if "file" not in request.FILES and int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
            form.errors.clear()
            form.add_error("file", _("The file is larger than 50 MB. Split it, or import it from the command line."))
            status = 413
        elif form.is_valid():
            try:
                return self.to(self.stage(form.cleaned_data["kind"], form.cleaned_data["file"]))
            except FileRefused as error:
                form.add_error("file", str(error))
        return self.form(form, status)

    def form(self, form: UploadForm, status: int = 200) -> HttpResponse:
        context = {"title": _("Import a file"), "form": form, "parent": (_("Import"), reverse("imports"))}
        return self.draw("crm/import_new.html", context, status)

    def stage(self, kind: str, upload: Any) -> ImportRun:
        engine.tidy()
        with tempfile.TemporaryDirectory(prefix="sextant-import-") as folder:
            path = Path(folder) / "file"
            with path.open("wb") as file:
                for block in upload.chunks():
                    file.write(block)
            return engine.stage(kind, path, name=upload.name, actor=self.user, limits=UPLOAD)


class ImportMap(ImportView):
    """Columns to fields, with what the first rows hold; then a trial or the import itself."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self.run()
        if run.state != State.DRAFT:
            return self.to(run)
        proposed = mapping.propose(kinds[run.kind], run.options["headers"])
        return self.page(run, {column: field for field, column in proposed.items()}, ReadingForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self.run()
        kind = kinds[run.kind]
        if run.state != State.DRAFT or not engine.may_import(self.user, kind):
            return self.to(run)
        form = ReadingForm(request.POST)
        chosen = {header: request.POST.get(f"column-{place}", "") for place, header in enumerate(run.options["headers"])}
        fields = [field for field in chosen.values() if field]
        twice = sorted({field for field in fields if fields.count(field) > 1})
        if twice:
            names = ", ".join(str(item.label) for field in twice if (item := kind.field(field)))
            return self.page(run, chosen, form, _("Two columns cannot be the same field: %(fields)s.") % {"fields": names})
        if not form.is_valid():
            return self.page(run, chosen, form, _("Choose how dates and numbers are written."))
        given = {field: header for header, field in chosen.items() if field}
        left_out = {item.key: "" for item in kind.fields if item.key not in given}
        run.options["read"] |= {"map": left_out | given, **form.cleaned_data}
        run.dry_run = request.POST.get("do") != "import"
        try:
            engine.plan(run)
        except FileRefused as error:
            return self.page(run, chosen, form, str(error))
        run.save(update_fields=["options", "dry_run"])
        run_in_background(run)
        return self.to(run)

    def page(self, run: ImportRun, chosen: dict[str, str], form: ReadingForm, error: str = "") -> HttpResponse:
        kind = kinds[run.kind]
        headers = run.options["headers"]
        rows = [cells for _line, cells, flaw in engine.chunk_rows(run, 0)[:PREVIEW] if not flaw] if run.rows else []
        columns = [
            {
                "name": header,
                "place": place,
                "field": chosen.get(header, ""),
                "samples": list(dict.fromkeys(text for cells in rows if (text := mapping.cell_text(cells[place])[:60])))[
                    :SAMPLES
                ],
            }
            for place, header in enumerate(headers)
        ]
        context = {
            "title": run.file_name,
            "parent": (_("Import"), reverse("imports")),
            "run": run,
            "kind": kind,
            "needed": [[kind.field(key) for key in group] for group in kind.required],
            "columns": columns,
            "form": form,
            "error": error,
            "preview": [[str(cell) for cell in cells] for cells in rows],
        }
        return self.draw("crm/import_map.html", context, 422 if error else 200)


class ImportRunPage(ImportView):
    """Progress while it runs, then what came of it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self.run()
        if run.state == State.DRAFT:
            return self.to(run)
        issues = ImportIssue.objects.filter(run=run).order_by("line", "pk")
        page = Page(issues, request.GET, count_upto(issues))
        dead = Job.objects.filter(kind="crm.import_step", key=f"run:{run.pk}", state=JobState.DEAD).order_by("-pk").first()
        context = {
            "title": run.file_name,
            "parent": (_("Import"), reverse("imports")),
            "run": run,
            "kind": kinds[run.kind],
            "active": run.state in (State.WAITING, State.RUNNING) and dead is None,
            "dead": dead if run.state in (State.WAITING, State.RUNNING) else None,
            "tone": TONES.get(State(run.state), ""),
            "counts": [(label, getattr(run, name)) for name, label in report.labels().items()],
            "made": [{"what": what, **entry} for what, entry in run.made.items()],
            "unused": run.options.get("plan", {}).get("unused", []),
            "page": page,
            "repeatable": run.dry_run and run.state == State.DONE and run.chunks.exists(),
        }
        return render_page(request, "crm/import_run.html", "crm/_import_run.html", context)


class ImportStop(ImportView):
    """Stops a run between two steps."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self.run()
        engine.stop(run)
        return HttpResponseRedirect(reverse("import_run", args=[run.pk]) if run.state != State.DRAFT else reverse("imports"))


class ImportGo(ImportView):
    """After a trial: the same in earnest."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self.run()
        if run.dry_run and run.state == State.DONE and run.chunks.exists() and engine.may_import(self.user, kinds[run.kind]):
            engine.in_earnest(run)
            run_in_background(run)
        return self.to(run)


class ImportErrors(ImportView):
    """The refused rows as a file, to correct and import again."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        run = self.run()
        rows = report.error_rows(run)
        heads = next(rows)
        kind = "xlsx" if request.GET.get("format") == "xlsx" else "csv"
        return rows_response(rows, [str(head) for head in heads], f"refused-{run.pk}", kind)
