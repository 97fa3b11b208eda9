"""The committees' work on a report: presented, discussed, accepted; what they decide, carried out to its end. P12, P10.

``order`` is which report is asked for; ``file`` the report's life as a value; ``decided`` what a committee decided;
``actions`` what people send; ``acting`` what that does; ``time`` what time does, and ``letters`` what is written.
``transition`` is what the records are told, ``difference`` what a new edition says otherwise.
"""
