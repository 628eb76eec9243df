"""Let JAX compute in float64, which by itself it does not: float64 would silently become float32."""

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["in_x64"]


@contextmanager
def in_x64() -> Iterator[None]:
    """Switch JAX' 64-bit types on inside the with block, for this thread.

    They need not be on before anything else is computed: JAX keeps what it has compiled apart
    by this switch, and Keras' import makes nothing that depends on it. What is float32 stays
    what it is, to the last bit, inside the block and after it.

    Raises
    ------
    RuntimeError
        If this JAX has no such switch, and was not started with JAX_ENABLE_X64=1.
    """
    import jax

    if jax.config.jax_enable_x64:
        yield
        return
    switch = getattr(jax, "enable_x64", None)
    if switch is None:
        raise RuntimeError(f"JAX {jax.__version__} computes float64 only if JAX_ENABLE_X64=1 is in the environment")
    with switch(True):
        yield
