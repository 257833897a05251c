"""What is known of models: measured, judged by feedback, or expected before either; and how it is learnt.

`evidence` holds it as values that never change: `quality` by category (from benchmarks whose scores `difficulty`
joins, from what answers were worth, `judged`, and before both from `expectations`), `latency` and `lengths`.
`neighbours` and `similar_tasks` correct what is expected by what is like the request (`likeness`). `drift` says
whether a model has changed. `learner` reads what was observed.
"""
