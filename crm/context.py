"""What the frame around every page needs."""

from django.http import HttpRequest

from .models import Organisation

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"
KEYS = ("on", "off")
KEYS_COOKIE = "keys"


def theme_of(request: HttpRequest) -> str:
    """The reader's theme; "auto" follows the device."""
    wanted = request.COOKIES.get(THEME_COOKIE, "auto")
    return wanted if wanted in THEMES else "auto"


def chrome(request: HttpRequest) -> dict:
    """The organisation, theme, density and whether single keys work; menu and search come from the registries, in the template tags."""
    compact = getattr(getattr(request, "user", None), "compact", False)
    return {
        "organisation": Organisation.current(),
        "theme": theme_of(request),
        "density": "compact" if compact else "normal",
        "keys": "off" if request.COOKIES.get(KEYS_COOKIE) == "off" else "on",
    }
