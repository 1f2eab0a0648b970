"""What may not stand in a log: the secrets in the links that customers get by mail."""

from __future__ import annotations

import logging
import re

#: The first parts of addresses whose next part is a secret: surveys (s) and tickets (t).
SECRET = re.compile(r"(/(?:s|t)/)[^/\s?\"']{20,}")


def mask(text: str) -> str:
    """The text with the secrets of links left out."""
    return SECRET.sub(r"\1***", text)


class HideSecrets(logging.Filter):
    """Masks what every handler is about to write, tracebacks aside: those show code, not addresses."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        masked = mask(text)
        if masked != text:
            record.msg, record.args = masked, ()
        return True
