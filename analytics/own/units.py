"""Which unit and kind a formula has, worked out from its tree: money is not added to counts, and what stands at an end is not added
to what happened in between. Units are those of numbers, with "number" for one that is written in the formula."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .grammar import Binary, Call, FormulaError, Minus, Node, Number, Ref

UNITS: dict[str, Promise] = {
    "count": gettext_lazy("a count"),
    "money": gettext_lazy("money"),
    "percent": gettext_lazy("percent"),
    "ratio": gettext_lazy("a ratio"),
    "days": gettext_lazy("days"),
    "score": gettext_lazy("a score"),
    "number": gettext_lazy("a plain number"),
}
#: What a formula of one unit may be called: 100 × a ratio is a percentage when its maker says so.
DECLARED = {
    "number": ("ratio",),
    "ratio": ("ratio", "percent", "score"),
    "count": ("count", "ratio"),
    "money": ("money",),
    "days": ("days",),
    "percent": ("percent",),
    "score": ("score",),
}
PLAIN = ("number", "ratio", "count")
#: (unit, unit) -> unit of the product; the order does not matter, and a plain number changes no unit.
PRODUCTS = {
    ("count", "money"): "money",
    ("count", "days"): "days",
    ("count", "ratio"): "count",
    ("money", "ratio"): "money",
    ("days", "ratio"): "days",
    ("ratio", "ratio"): "ratio",
}
QUOTIENTS = {
    ("money", "count"): "money",
    ("days", "count"): "days",
    ("money", "ratio"): "money",
    ("days", "ratio"): "days",
    ("count", "ratio"): "count",
    ("ratio", "count"): "ratio",
    ("number", "count"): "ratio",
    ("number", "ratio"): "ratio",
}


@dataclass(frozen=True)
class Type:
    """unit; kind: "additive" (adds up over time), "stock" (stands at the end), "ratio" (neither), "constant"."""

    unit: str
    kind: str


def type_of(node: Node, look_up: Callable[[Ref], Type]) -> Type:
    """The type of a formula, from those of the numbers in it. Raises FormulaError where two do not fit."""
    if isinstance(node, Number):
        return Type("number", "constant")
    if isinstance(node, Ref):
        return look_up(node)
    if isinstance(node, Minus):
        return type_of(node.of, look_up)
    if isinstance(node, Call):
        return _called(node, [type_of(one, look_up) for one in node.arguments])
    assert isinstance(node, Binary)
    left, right = type_of(node.left, look_up), type_of(node.right, look_up)
    if node.sign in "+-":
        return Type(_same(node, left, right), _sum_kind(node, left, right))
    unit = _product(node, left.unit, right.unit) if node.sign == "*" else _quotient(node, left.unit, right.unit)
    scaled = right.kind == "constant" or (left.kind == "constant" and node.sign == "*")
    kind = (left.kind if right.kind == "constant" else right.kind) if scaled else "ratio"
    return Type(unit, kind)


def _same(node: Node, left: Type, right: Type) -> str:
    if left.unit == right.unit:
        return left.unit
    if "number" in (left.unit, right.unit):
        other = right.unit if left.unit == "number" else left.unit
        if other not in ("money", "days"):
            return other
    words = {"left": UNITS[left.unit], "right": UNITS[right.unit]}
    raise FormulaError(_("%(left)s and %(right)s do not go together here.") % words, node.at)


def _sum_kind(node: Node, left: Type, right: Type) -> str:
    kinds = {left.kind, right.kind}
    if kinds == {"additive", "stock"}:
        raise FormulaError(_("What happened in a period and what stands at its end do not add up."), node.at)
    return left.kind if len(kinds) == 1 else "ratio"


def _product(node: Node, left: str, right: str) -> str:
    for one, other in ((left, right), (right, left)):
        if one == "number":
            return other
        if (one, other) in PRODUCTS:
            return PRODUCTS[one, other]
    raise FormulaError(_("%(left)s times %(right)s is nothing.") % {"left": UNITS[left], "right": UNITS[right]}, node.at)


def _quotient(node: Node, left: str, right: str) -> str:
    if right == "number":
        return left
    if left == right:
        return "ratio"
    if (left, right) in QUOTIENTS:
        return QUOTIENTS[left, right]
    raise FormulaError(_("%(left)s divided by %(right)s is nothing.") % {"left": UNITS[left], "right": UNITS[right]}, node.at)


def _called(node: Call, types: list[Type]) -> Type:
    first = types[0]
    if node.name == "coalesce0":
        if first.kind != "additive":
            raise FormulaError(
                _("Only a number that adds up is 0 where there is nothing; a rate of nothing is not known."), node.at
            )
        return first
    unit = first.unit
    for other in types[1:]:
        unit = _same(node, Type(unit, "ratio"), other)
    return Type(unit, "ratio")
