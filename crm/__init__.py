"""The project and the kernel that every app stands on. Knows no app."""

from .celery import app as celery_app

__all__ = ["celery_app"]
