"""Telephone behaviours in Python.

What else a behaviour may do it says by its imports, each a permission that people see: ``cordboard.audio``,
``cordboard.dialling``, ``cordboard.outside`` and so on.
"""

from cordboard.guest import Problem, Refusal
from cordboard.keyed import keyed, tell
from cordboard.script import script
from cordboard.settings import choice, flag, number, record, several, text

__all__ = [
    "Problem",
    "Refusal",
    "choice",
    "flag",
    "keyed",
    "number",
    "record",
    "script",
    "several",
    "tell",
    "text",
]
