"""What importing the surface brings along."""

import subprocess
import sys


def test_importing_it_brings_neither_keras_nor_pictures_nor_the_slow_parts_of_scipy():
    slow = ("keras", "tensorflow", "matplotlib", "scipy.stats", "scipy.integrate", "mpmath")
    code = f"import sys, compare.surface; print([name for name in {slow} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
