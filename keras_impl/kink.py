"""The derivative of an activation at its kink, as frameworks return it.

Keras computes on one backend for each process. The one it runs on is asked directly, any
other one that is installed in a process of its own, which runs this file.
"""

import importlib
import importlib.util
import json
import os
import subprocess
import sys
from typing import Any

__all__ = ["BACKENDS", "derivative_at_zero", "installed_backends"]

BACKENDS = ("tensorflow", "jax", "torch")
SECONDS = 120  # for another backend to be imported and to answer


def installed_backends() -> tuple[str, ...]:
    """Those of Keras' backends that can be imported.

    Examples
    --------
    >>> "tensorflow" in installed_backends()
    True
    """
    return tuple(name for name in BACKENDS if importlib.util.find_spec(name) is not None)


def derivative_at_zero(function: str, negative_slope: float, backend: str) -> float:
    """What a backend's automatic differentiation returns for an activation at 0.

    Parameters
    ----------
    function : {"relu", "leaky_relu", "maximum", "abs"}
        As `keras.activations` or `keras.ops` has it; "maximum" is maximum(x, 0).
    negative_slope : float
        Of leaky_relu.
    backend : {"tensorflow", "jax", "torch"}

    Returns
    -------
    float

    Raises
    ------
    RuntimeError
        If the backend cannot be asked; one line.

    Examples
    --------
    >>> derivative_at_zero("relu", 0.0, "tensorflow")
    0.0
    """
    import keras

    if keras.config.backend() == backend:
        return _derivative(function, negative_slope)
    command = [sys.executable, __file__, function, repr(negative_slope)]
    environment = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=SECONDS, check=True)
        return float(json.loads(done.stdout.splitlines()[-1]))
    except (subprocess.SubprocessError, ValueError, IndexError) as error:
        raise RuntimeError(f"{backend} cannot be asked: {' '.join(str(error).split())[:200]}") from None


def _derivative(function: str, negative_slope: float) -> float:
    import keras

    def activation(x: Any) -> Any:
        if function == "leaky_relu":
            return keras.activations.leaky_relu(x, negative_slope=negative_slope)
        if function == "maximum":
            return keras.ops.maximum(x, 0.0)
        return keras.ops.abs(x) if function == "abs" else keras.activations.relu(x)

    backend = keras.config.backend()
    framework = importlib.import_module(backend)  # none of the others needs to be there
    if backend == "jax":
        return float(framework.grad(activation)(0.0))
    if backend == "torch":
        x = framework.tensor(0.0, requires_grad=True)
        activation(x).backward()
        return float(x.grad)
    x = framework.Variable(0.0)
    with framework.GradientTape() as tape:
        y = activation(x.value())
    return float(tape.gradient(y, x))


if __name__ == "__main__":
    print(json.dumps(_derivative(sys.argv[1], float(sys.argv[2]))))
