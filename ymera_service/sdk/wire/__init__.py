"""Toolkit for wire formats: pure functions and parsers without I/O, for dialects to be built of.

In the order in which a response meets them: `body` (which kind of body this is), `sse` (its events),
`json_reader` (its documents), `decoder` (its end: complete, interrupted or malformed), `usage` (its token counts);
for one that failed, `error_reader` and `wording` (which error it is) and `retry_after` (when to come back).
"""
