"""Which model should answer, in which order, and why. Pure given its inputs.

Read in the order in which a request meets them: `preferences` (what the caller asks for is sound),
`estimate` (what the prompt needs), `candidates` (who may answer), `evidence` (what was measured), `scoring`
(how good each one is), `policy` (the order), `sessions` (staying with a model), `explain` (the sentence),
`router` (all of it), `decision` (the fact that is kept).
"""
