"""Functions that all corrections share.

A correction is one function, decorated with the AWS fact that it restores and where AWS says so. It may only touch what it
can recognise: when the function or the text that it changes is not as expected, it stops the start with a message that
names the correction, because a MiniStack that silently differs from AWS is worse than none.
"""

import functools
import inspect
import textwrap
from dataclasses import dataclass
from typing import Callable


class CorrectionDoesNotFit(RuntimeError):
    """MiniStack is not the version that this correction was written for."""


@dataclass(frozen=True)
class Correction:
    name: str
    fact: str
    source: str
    apply: Callable[[], None]


CORRECTIONS: list[Correction] = []

_current = ""


def correction(*, fact: str, source: str):
    """Register a function as a correction named after it."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        CORRECTIONS.append(Correction(function.__name__, fact, source, function))
        return function

    return register


def apply_all(left_out: set[str]) -> None:
    """Apply every correction but those left out, which tests use to see whether one is still needed."""
    global _current
    unknown = left_out - {known.name for known in CORRECTIONS}
    if unknown:
        raise CorrectionDoesNotFit(f"There is no correction named {', '.join(sorted(unknown))}.")
    for known in CORRECTIONS:
        if known.name in left_out:
            continue
        _current = known.name
        known.apply()


def require(owner, name: str):
    """The attribute of a MiniStack module or class that a correction needs."""
    try:
        return getattr(owner, name)
    except AttributeError:
        raise _does_not_fit(f"{owner.__name__} has no {name}") from None


def replace_text(module, path: str, *changes: tuple[str, str]) -> None:
    """Recompile a function ("name" or "Class.name") of the module with parts of its text replaced.

    Each old text must occur exactly once. Used where the behaviour sits in the middle of a long function, which a wrapper
    cannot reach.
    """
    owner = module
    *classes, name = path.split(".")
    for part in classes:
        owner = require(owner, part)
    function, put = _innermost(owner, name)
    text = getattr(function, "corrected_text", None) or textwrap.dedent(inspect.getsource(function))
    for old, new in changes:
        if text.count(old) != 1:
            raise _does_not_fit(f"{module.__name__}.{path} holds {text.count(old)} times, not once:\n{old}")
        text = text.replace(old, new)
    scope: dict = {}
    code = compile(text, f"<{module.__name__}.{path}, corrected by {_current}>", "exec")
    exec(code, module.__dict__, scope)
    scope[name].corrected_text = text
    put(scope[name])


def _innermost(owner, name: str):
    """MiniStack's own function below the wrappers, and a function that replaces it."""
    function = require(owner, name)
    put = functools.partial(setattr, owner, name)
    while hasattr(function, "inner"):
        put = functools.partial(setattr, function, "inner")
        function = function.inner
    return function, put


def replace_in_string(module, name: str, *changes: tuple[str, str]) -> None:
    """Replace parts of a text that the module holds as a constant, each of which must occur exactly once."""
    text = require(module, name)
    for old, new in changes:
        if text.count(old) != 1:
            raise _does_not_fit(f"{module.__name__}.{name} holds {text.count(old)} times, not once:\n{old}")
        text = text.replace(old, new)
    setattr(module, name, text)


def wrap(module, name: str, wrapper: Callable) -> None:
    """Replace a function by wrapper(original, *arguments)."""
    original = require(module, name)
    if not callable(original):
        raise _does_not_fit(f"{module.__name__}.{name} is not a function")

    def wrapped(*args, **kwargs):
        return wrapper(wrapped.inner, *args, **kwargs)

    wrapped.inner = original
    wrapped.__name__ = name
    setattr(module, name, wrapped)


def _does_not_fit(what: str) -> CorrectionDoesNotFit:
    return CorrectionDoesNotFit(
        f"The correction {_current} does not fit the installed MiniStack: {what}. "
        "It was written for the version pinned in local-cloud/ministack/requirements.txt; "
        "see whether that version still differs from AWS, and adapt or remove the correction."
    )
