"""/api/v1/: the endpoints of all apps, the OpenAPI schema and its page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, JsonResponse
from django.urls import include, path, re_path
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext as _
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from . import schema  # noqa: F401  tells the schema how tokens are sent
from .errors import plain
from .routing import router

autodiscover_modules("api.routes")

app_name = "api"


def unknown(request: HttpRequest, rest: str = "") -> JsonResponse:
    """An address that does not exist answers in the API's format."""
    return plain(404, "not_found", _("There is nothing at this address."))


docs = SpectacularSwaggerSplitView.as_view(url_name="api:schema", template_name="api/docs.html")

urlpatterns = [
    path("schema/", SpectacularJSONAPIView.as_view(), name="schema"),
    path("docs/", login_required(docs), name="docs"),
    path("", include(router.urls)),
    re_path(r"^(?P<rest>.*)$", unknown),
]
