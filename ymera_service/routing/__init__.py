"""Which target should answer, in which order they are tried, and why.

Read `selection` first: a decision is a pure function of a request and a snapshot. Its steps are `prompts.estimate`
(what the prompt needs), `filters` (who may answer), `scoring` (how good each one is), `policy` (the order) and
`explain` (the sentence). They work on columns: `table` (what is known of the catalogue's targets) and `costs`.
`router` gathers the snapshot, from four packages among others: `prompts` (what is made of the prompt), `learning`
(what is known of models), `sessions` (the target to stay with) and `replay` (what was decided before). `decision` is
the result, `stored` its stored form. `choosing` and `experiments` complete what a request leaves open by what is
configured; `comparison` compares the arms of experiments.
"""
