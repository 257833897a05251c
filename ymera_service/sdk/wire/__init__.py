"""Toolkit for wire formats: pure functions and parsers without I/O, with which dialects are built.

In the order in which they process a response: `body` (the kind of body), `sse` and `lines` (its events), `json_reader`
(its documents), `decoder` (its end: complete, interrupted or malformed), `usage` (its token counts); for a failed
response, `error_reader` and `wording` (which error it is) and `retry_after` (when to try again).
"""
