"""Everything that a plugin may import.

Read in this order: `hookspecs` (what a plugin registers), `providers` and `http` (what answers prompts), `context` and
`targets` (the call and its target), `content`, `generation`, `events` (requests and answers), `work` (what models do
besides generating), `models`, `errors`, `classifiers`, `benchmarks`, `settings`. `wire` is the toolkit for wire formats
that dialects are built with, `grading` that for the checks of a benchmark's answers; `testing` is the toolkit for the
tests of a plugin.
"""
