"""What an endpoint of the launcher may answer besides a document."""


class NotFound(Exception):
    """The answer is 404."""
