"""The API's one router. Every app adds its views in `<app>/api/routes.py`; `crm.api.urls` finds them, the kernel knows no app."""

from rest_framework.routers import SimpleRouter

router = SimpleRouter(use_regex_path=False)
