"""The committees' report, as values: what is counted of a case, the figures, and what others see of them. P12 and P10.

``facts`` is one row per case; ``period`` is what a report is about; ``shape`` is the report as it is rendered;
``figures`` and its neighbours count. The statistics are not here: they need a library, and live in ``reporting``.
Every figure is defined in docs/report-definitions.md.
"""
