"""Hypothesis, for the rules: the same examples in every run, and no deadline, as machines differ."""

from hypothesis import settings

settings.register_profile("rules", derandomize=True, deadline=None)
settings.load_profile("rules")
