"""Fields of contacts, and what they are made with."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.db import models


def fold(text: str) -> str:
    """Letters and digits only, without case and accents: "Société  Générale" and "societe generale" are the same."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in decomposed if char.isalnum())


class MatchKeyField(models.CharField):
    """What of a field is compared to find the same thing entered twice: letters and digits of a name (`fold`), an address in
    lower case. Kept up by `save` and `bulk_create`."""

    def __init__(self, of: str = "", **kwargs: Any) -> None:
        self.of = of
        super().__init__(**{"max_length": 200, "blank": True, "editable": False, "default": "", **kwargs})

    def deconstruct(self) -> tuple:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {"of": self.of, **kwargs}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        said = getattr(model_instance, self.of)
        key = (said.strip().lower() if self.of == "email" else fold(said))[: self.max_length]
        setattr(model_instance, self.attname, key)
        return key
