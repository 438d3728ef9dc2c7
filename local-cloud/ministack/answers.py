"""Answers of the launcher's endpoints other than a document."""


class NotFound(Exception):
    """The answer is 404."""
