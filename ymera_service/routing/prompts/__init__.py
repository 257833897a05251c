"""What is made of a prompt: its classes, what the user feels, what it needs of a model, and what is kept of it.

`readers` asks the classifiers, `reading` merges what they return, `empathy` follows from what the user feels.
`estimate` is what the prompt needs and how long it is. `features` is what is learnt from later, without the text,
with `vectors` of it.
"""
