"""What is wrong with a request, found on our own types, all of it at once.

Paths are those of the contract, such as `prompt.messages[0].parts[1].text`. A protocol notes in the same
`Violations` what our types can't express. Lists are counted by `limits` before they are converted, as the
conversion is what a limit bounds.
"""
