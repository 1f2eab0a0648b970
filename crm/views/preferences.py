"""How the reader wants pages to be: theme and single keys (cookies, they belong to the device), and rows (the user's)."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from ..context import KEYS, KEYS_COOKIE, THEME_COOKIE, THEMES
from ..http import is_fragment, safe_next
from ..models import User

YEAR = 365 * 86400


@require_POST
@login_required
def preferences(request: HttpRequest) -> HttpResponse:
    """Remembers what was chosen; unknown values change nothing."""
    response = HttpResponse(status=204) if is_fragment(request) else HttpResponseRedirect(safe_next(request, "/"))
    for name, cookie, known in (("theme", THEME_COOKIE, THEMES), ("keys", KEYS_COOKIE, KEYS)):
        wanted = request.POST.get(name)
        if wanted in known:
            response.set_cookie(cookie, wanted, max_age=YEAR, samesite="Lax", secure=request.is_secure(), httponly=True)
    density = request.POST.get("density")
    if density in ("normal", "compact"):
        User.objects.filter(pk=request.user.pk).update(compact=density == "compact")
    return response
