"""Toolkit for suites: checks of answers that people and models write freely. Pure functions without I/O.

An answer is read (`answers`), what it concludes is found (`conclusions`), and a check decides: `amounts` checks
numbers, times and dates, `words` a word or one of several choices, `checks` other forms.
"""
