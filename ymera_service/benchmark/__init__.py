"""Measures models on tasks whose answers are checked.

Read in this order: `plan` (the plan and its tasks), `schedule` (the order of tasks), `measuring` (one task), `scores`
and `statistics` (the scores of the results), `runner` (a whole run).
"""
