"""The overview before anything was entered."""

from . import scene
from .test_view_overview import text_of


def test_an_empty_installation_has_an_overview(people, client_of, clock):
    clock(scene.NOW)
    text = text_of(client_of(people.ada).get("/"))
    assert "Deals won" in text and "Nothing to divide by in this period." in text
