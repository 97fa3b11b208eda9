"""What the committees' report needs beside the rules: statistics from SciPy, and made-up cases to try it on. P12.

Knows the rules and SciPy, and nothing of records, Temporal or files: what it counts is handed to it.
"""
