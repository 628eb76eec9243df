"""What a certificate costs beside the Keras run that it checks: `python benchmarks/certify_cost.py`.

Both with a warm Recorder, 2000 steps of batch 1000, interleaved; meant to be at most 3.
Cold, both trace a graph of their own.
"""

import statistics
import time
from collections.abc import Callable

import keras_impl
from compare import certify
from reference import Adam, Experiment, Parameters

ROUNDS = 7


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> None:
    """Print medians of both, and the median and range of their ratio."""
    recorder = keras_impl.Recorder()
    start = Parameters(w=1.5, b=0.25, v=0.5, d=0.25)
    for dtype in ("float32", "float64"):
        for name, experiment in {
            "w, SGD": Experiment(dtype=dtype),
            "w b, Adam": Experiment(dtype=dtype, initial=start, trainable=("w", "b"), optimizer=Adam()),
            "w b v d, SGD": Experiment(dtype=dtype, initial=start, trainable=("w", "b", "v", "d")),
            "w b v d, Adam": Experiment(
                dtype=dtype, initial=start, trainable=("w", "b", "v", "d"), optimizer=Adam(learning_rate=0.01)
            ),
        }.items():
            certify(experiment, recorder=recorder)  # traces
            keras, both = [], []
            for _ in range(ROUNDS):
                keras.append(seconds(lambda run=experiment: keras_impl.train(run, recorder=recorder)))
                both.append(seconds(lambda run=experiment: certify(run, recorder=recorder)))
            ratios = [b / k for b, k in zip(both, keras, strict=True)]
            print(
                f"{dtype} {name:14} Keras {statistics.median(keras):.3f} s, certify {statistics.median(both):.3f} s, "
                f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
            )
    alone = seconds(lambda: keras_impl.train(Experiment(seed=1)))
    print(f"cold: ratio {seconds(lambda: certify(Experiment(seed=1))) / alone:.2f}")


if __name__ == "__main__":
    main()
