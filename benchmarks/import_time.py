"""How long imports take, in fresh interpreters: `python benchmarks/import_time.py`.

`import reference` is meant to cost at most 1.5 times `import numpy`.
"""

import subprocess
import sys
import time

ROUNDS = 15
STATEMENTS = ("pass", "import numpy", "import reference", "import compare", "import compare.surface")


def seconds(statement: str) -> float:
    """How long a fresh interpreter takes for a statement."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - begin


def main() -> None:
    """Print a line for each import: seconds beyond an empty interpreter, and times NumPy's."""
    rounds = [[seconds(statement) for statement in STATEMENTS] for _ in range(ROUNDS)]
    # The shortest of all rounds: whatever else the machine does only adds.
    empty, *took = map(min, zip(*rounds, strict=True))
    numpy = took[0] - empty
    for statement, total in zip(STATEMENTS[1:], took, strict=True):
        print(f"{statement:24} {total - empty:6.3f} s   {(total - empty) / numpy:5.2f} times numpy")


if __name__ == "__main__":
    main()
