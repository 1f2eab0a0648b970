"""Imports go one way: crm <- analytics <- contacts <- marketing, deals, support, surveys, which do not import each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UPPER = ("marketing", "deals", "support", "surveys")

#: app -> what of ours it may import besides itself
MAY_IMPORT: dict[str, set[str]] = {
    "crm": set(),
    "analytics": {"crm"},
    "contacts": {"crm", "analytics"},
    **{app: {"crm", "analytics", "contacts"} for app in UPPER},
}
APPS = [app for app in MAY_IMPORT if (ROOT / app).is_dir()]


def imported_apps(source: str) -> Iterator[tuple[int, str]]:
    """Line and top-level package of every absolute import and every model named by a string, wherever it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module.split(".")[0]
        elif isinstance(node, ast.Call):
            yield from _imported_by_call(node)


def _imported_by_call(node: ast.Call) -> Iterator[tuple[int, str]]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    loads = ("import_module", "import_string", "__import__", "get_model", "ForeignKey", "OneToOneField", "ManyToManyField")
    if name in loads and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
        yield node.lineno, node.args[0].value.split(".")[0]


def breaches(app: str, path: Path, source: str) -> list[str]:
    """The imports of one module that go up or sideways."""
    ours = set(MAY_IMPORT) - MAY_IMPORT[app] - {app}
    where = path.relative_to(ROOT) if path.is_absolute() else path
    return [f"{where}:{line} imports {package}" for line, package in imported_apps(source) if package in ours]


@pytest.mark.parametrize("app", APPS)
def test_an_app_imports_only_what_lies_below_it(app):
    found = []
    for path in sorted((ROOT / app).rglob("*.py")):
        found += breaches(app, path, path.read_text())
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import deals",
        "from deals.models import Deal",
        "def late():\n    from deals import services",
        "if True:\n    import deals.models as rows",
        "models.ForeignKey('deals.Deal', models.CASCADE)",
        "apps.get_model('deals.Deal')",
        "importlib.import_module('deals.services')",
    ],
)
def test_every_way_of_importing_upwards_is_seen(source):
    assert breaches("contacts", Path("contacts/x.py"), source)


def test_imports_inside_the_own_app_and_from_below_are_fine():
    source = "from . import models\nfrom deals.models import Deal\nfrom contacts.models import Lead\nimport crm"
    assert breaches("deals", Path("deals/x.py"), source) == []


def test_the_upper_apps_do_not_import_each_other():
    assert breaches("support", Path("support/x.py"), "from deals.models import Deal")


def test_every_app_with_models_is_in_the_list():
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")} | {path.parent.name for path in ROOT.glob("*/models.py")}
    assert apps <= set(MAY_IMPORT)
