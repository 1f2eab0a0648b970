"""Search over everything the user may see."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from ..http import render_page
from ..search import everywhere
from .generic import SignedIn

SUGGESTIONS = 5
PER_KIND = 25


class Search(SignedIn):
    """/search/?q=: the page with up to 25 hits of each kind; htmx gets the short list under the search box.

    &jump=1, which the search box sends: a single hit opens at once, so that "/", four digits of a phone and Enter are enough.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        from ..http import is_fragment

        text = request.GET.get("q", "").strip()[:80]
        groups = everywhere(self.user, text, SUGGESTIONS if is_fragment(request) else PER_KIND)
        found = [hit for _kind, hits in groups for hit in hits]
        if "jump" in request.GET and len(found) == 1 and not is_fragment(request):
            return HttpResponseRedirect(found[0].url)
        return render_page(request, "crm/search.html", "crm/_search.html", {"q": text, "groups": groups})
