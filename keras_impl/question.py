"""The question's script as it is written for Keras 3: one ReLU tries to learn another.

    python -m keras_impl.question                             stuck at zero, from w = -10
    python -m keras_impl.question --start 10                  finds the target, w = 1
    python -m keras_impl.question --negative-slope 0.3        so does a leaky ReLU

Plain Keras, to read and to change: a Sequential model and `model.fit` on a generator, with
nothing of `keras_impl` in it. Since the question was asked, `fit` takes the generators
(`fit_generator` is gone), optimizers say `learning_rate` instead of `lr`, LeakyReLU says
`negative_slope` instead of `alpha`, the input has a layer of its own, and weights are set
as arrays in the shape of the layer's.
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn

import keras
import numpy as np

__all__ = ["OPTIMIZERS", "Epoch", "learn", "main"]

# What question and answer train with, each at its step size.
OPTIMIZERS: MappingProxyType[str, Callable[[float], Any]] = MappingProxyType(
    {
        "sgd": lambda rate: keras.optimizers.SGD(learning_rate=rate),
        "momentum": lambda rate: keras.optimizers.SGD(learning_rate=rate, momentum=0.9),
        "adam": lambda rate: keras.optimizers.Adam(learning_rate=rate),
        "amsgrad": lambda rate: keras.optimizers.Adam(learning_rate=rate, amsgrad=True),
    }
)


class Epoch(NamedTuple):
    """What there is to see after an epoch.

    Parameters
    ----------
    number : int
        Counted from 1.
    weight : float
        After the epoch.
    loss : float
        Mean over the epoch, during which the weight moves.
    """

    number: int
    weight: float
    loss: float


def batches(batch_size: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Inputs from the standard normal distribution and their ReLU, batch after batch without end."""
    rng = np.random.default_rng(seed)
    while True:
        x = rng.standard_normal((batch_size, 1)).astype("float32")
        yield x, np.maximum(x, 0)


def learn(
    *,
    start: float = -10.0,
    negative_slope: float = 0.0,
    optimizer: str = "sgd",
    learning_rate: float = 0.01,
    epochs: int = 20,
    steps_per_epoch: int = 100,
    batch_size: int = 1000,
    seed: int = 0,
    watch: Callable[[Epoch], None] = lambda epoch: None,
) -> list[Epoch]:
    """Train one weight with `model.fit`; the defaults are the question's.

    Parameters
    ----------
    start : float
        First weight.
    negative_slope : float
        Of the activation below 0: 0 is ReLU, more is LeakyReLU, less its function.
    optimizer : {"sgd", "momentum", "adam", "amsgrad"}
    learning_rate : float
    epochs, steps_per_epoch, batch_size : int
    seed : int
        Of the samples.
    watch : callable, optional
        Is given each epoch as it ends.

    Returns
    -------
    list of Epoch

    Raises
    ------
    ValueError
        If there is no such optimizer.

    Examples
    --------
    >>> [epoch.number for epoch in learn(epochs=2, steps_per_epoch=3, batch_size=4)]
    [1, 2]
    """
    if optimizer not in OPTIMIZERS:
        raise ValueError(f"optimizer must be one of {', '.join(OPTIMIZERS)}, got {optimizer!r}")
    if negative_slope == 0:
        activation = keras.layers.ReLU()
    elif negative_slope > 0:
        activation = keras.layers.LeakyReLU(negative_slope=negative_slope)
    else:  # refused by the layer
        activation = keras.layers.Activation(lambda z: keras.activations.leaky_relu(z, negative_slope=negative_slope))
    model = keras.Sequential([keras.Input(shape=(1,)), keras.layers.Dense(1, use_bias=False), activation])
    model.set_weights([np.array([[start]])])
    model.compile(optimizer=OPTIMIZERS[optimizer](learning_rate), loss="mean_squared_error")

    seen: list[Epoch] = []

    def note(epoch: int, logs: dict[str, float]) -> None:
        seen.append(Epoch(epoch + 1, float(model.get_weights()[0].item()), float(logs["loss"])))
        watch(seen[-1])

    model.fit(
        batches(batch_size, seed),
        epochs=epochs,
        steps_per_epoch=steps_per_epoch,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=note)],
        shuffle=False,
        verbose=0,
    )
    return seen


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line, a line an epoch; return the exit status.

    Examples
    --------
    >>> main(["--epochs", "1", "--steps-per-epoch", "2", "--start", "0"])  # doctest: +ELLIPSIS
    epoch   1   weight              0   loss ...
    0
    """
    learn(watch=_show, **vars(_parser().parse_args(arguments)))
    return 0


def _show(epoch: Epoch) -> None:
    print(f"epoch {epoch.number:3d}   weight {epoch.weight:14.7g}   loss {epoch.loss:13.7g}", flush=True)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, without the usage before it."""
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m keras_impl.question",
        description="Train one ReLU to be another, as in the question, with plain Keras.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--start", type=_number, default=-10.0, help="first weight; the target's is 1")
    parser.add_argument("--negative-slope", type=_number, default=0.0, help="of the activation; 0 is ReLU")
    parser.add_argument("--optimizer", choices=OPTIMIZERS, default="sgd", help="momentum is 0.9")
    parser.add_argument("--learning-rate", type=_number, default=0.01, help="step size")
    parser.add_argument("--epochs", type=_count, default=20, help="lines that are printed")
    parser.add_argument("--steps-per-epoch", type=_count, default=100, help="batches of an epoch")
    parser.add_argument("--batch-size", type=_count, default=1000, help="samples of a batch")
    parser.add_argument("--seed", type=_seed, default=0, help="of the samples")
    return parser


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) <= float(np.finfo(np.float32).max):
        raise argparse.ArgumentTypeError(f"must be a number that float32 can hold, got {text!r}")
    return value


def _integer(text: str, at_least: int) -> int:
    if not text.isdecimal() or int(text) < at_least:
        raise argparse.ArgumentTypeError(f"must be an integer of at least {at_least}, got {text!r}")
    return int(text)


def _count(text: str) -> int:
    return _integer(text, at_least=1)


def _seed(text: str) -> int:
    return _integer(text, at_least=0)


if __name__ == "__main__":
    sys.exit(main())
