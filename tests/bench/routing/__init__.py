"""Routing judged on recorded outcomes of real models, beside online nearest neighbours.

`tables` reads the outcomes, `policies` are what is compared, `trial` runs one over prompts in some order, and
`curve` says what quality it buys for what cost.
"""
