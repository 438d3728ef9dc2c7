"""Corrections of MiniStack, one for each difference from AWS that matters here.

Importing a module registers its corrections; they are applied in this order.
"""

from . import executions, tasks, functions, parameters, event_buses, stacks, streams, schedules, mail, tables, transport, permissions  # noqa: F401
from .support import CORRECTIONS, CorrectionDoesNotFit, apply_all

__all__ = ["CORRECTIONS", "CorrectionDoesNotFit", "apply_all"]
