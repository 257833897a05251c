"""Which target should answer, in which order they are tried, and why.

Read `selection` first: a decision is a pure function of a request and a snapshot. Its steps are `estimate` (what
the prompt needs), `filters` (who may answer), `scoring` (how good each one is), `policy` (the order) and
`explain` (the sentence). They work on columns: `table` (what is known of the catalogue's targets), `costs`,
`latency` and `quality`. `router` gathers the snapshot, from `evidence` (what was measured, and what answers were
worth: `judged`, as `learning` reads it) and `sessions` (the target to stay with) among others. `decision` is the
result, `stored` its stored form. `readers` asks classifiers about a prompt, `reading` merges what they return, and
`features` is what is kept of a request to learn from. `choosing` and `experiments` complete what a request leaves open
by what is configured; `comparison` compares the arms of experiments.
"""
