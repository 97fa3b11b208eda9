"""What everything that needs Temporal may raise; doors show its sentence."""


class TemporalError(Exception):
    """A cluster that cannot be reached or used; the message says which, and how to mend it."""


class KeyRingError(TemporalError):
    """A key of the encryption that is missing or wrong; the message says which and how to mend it, and holds no key.

    What needs the key waits, and goes on when it is there.
    """


class CaseShreddedError(KeyRingError):
    """A closed case whose key was destroyed: nothing of its history can be read again."""
