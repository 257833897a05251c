"""Measures models on checked tasks.

Read in this order: `plan` (what is to be measured, and what that comes to), `schedule` (which task is
next), `measuring` (one task), `scores` and `statistics` (what the results amount to), `runner` (all of it).
"""
