"""How questions are solved: each module computes the answers of one kind of task from the prompt's own text.

`question` is what all of them read and give back, `numerals` reads and writes numbers. A solver says `None`
to what it does not understand; the first that understands answers.
"""

from ymera_simulator.solvers.registry import Solved, solve
from ymera_simulator.solvers.talk import small_talk

__all__ = ["Solved", "small_talk", "solve"]
