"""What ends an import before it starts."""


class FileRefused(Exception):
    """The file as a whole cannot be imported; the message is one sentence for the user, `hint` the option that helps on a command line."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
