"""One sentence for people who ask why a call went where it went."""

from wit_world.imports import explain as _explain

from cordboard.tape import once


def explain(rule, sentence):
    """``rule`` names the rule or the setting (``forward/busy``, ``R21``)."""
    once(lambda: _explain.because(rule, sentence))
