"""All that a plugin may import.

Read in this order: `hookspecs` (how a plugin is asked), `providers` and `http` (who answers), `context` and
`targets` (what is called, for whom), `content`, `generation`, `events` (what goes in and out), `models`,
`errors` (what can go wrong), `classifiers`, `benchmarks`, `settings`. `wire` is the toolkit for wire formats that
dialects are built of; `testing` proves a plugin.
"""
