"""Decides again what was decided before, and estimates what another policy would have come to.

`past` reads the request of a stored decision, `recomputing` what it was made from, and `off_policy` is the estimate.
"""
