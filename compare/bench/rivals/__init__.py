"""The same training in other ways, each in a file of its own.

A rival is built for a Problem, outside the timing: arrays are handed over and code is
compiled. What is built trains from the starts to the ends each time it is called, and
returns when it is done.
"""

from compare.bench.rivals.rival import RIVALS, Rival

__all__ = ["RIVALS", "Rival"]
