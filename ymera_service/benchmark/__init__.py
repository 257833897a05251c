"""Measures models on tasks whose answers are checked, or compared by another model.

Read in this order: `plan` (the plan and its tasks), `preparation` (what a run measures), `run` (a run under way),
`schedule` and `adaptive` (the order of tasks), `measuring` (one task), `judging` (the comparison of answers), `runner`
(a whole run), `scores` and `statistics` (the scores of the results), `evaluation` and `choices` (what routing would
choose by them). `resuming` goes on with a run that was interrupted, and `scheduled` runs benchmarks by the clock.
"""
