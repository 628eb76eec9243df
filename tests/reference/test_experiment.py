"""What an Experiment accepts and refuses, and the batches it draws."""

import dataclasses
import pickle
from fractions import Fraction

import numpy as np
import pytest

import reference.experiment
from reference import SGD, Adam, Experiment, Parameters, Target, draw_batches, iterate_batches, train

INF, NAN, HUGE = float("inf"), float("nan"), 10**400
NAMES = "('w', 'b', 'v', 'd')"


def start(**values):
    return {"initial": Parameters(**{"w": 1.0} | values)}


BAD = [
    (start(w=NAN), "initial.w must be finite in float32, got nan"),
    (start(b=INF), "initial.b must be finite in float32, got inf"),
    (start(v=-INF), "initial.v must be finite in float32, got -inf"),
    (start(d=[1.0, NAN, 2.0]), "initial.d must be finite in float32, got nan"),
    (start(w=1e39), "initial.w must be finite in float32, got 1e+39"),
    (start(w=HUGE), f"initial.w must be finite in float32, got {HUGE}"),
    (start(w=HUGE) | {"dtype": "float64"}, f"initial.w must be finite in float64, got {HUGE}"),
    (start(w="-10"), "initial.w must be a number or an array of numbers, got '-10'"),
    (start(w=None), "initial.w must be a number or an array of numbers, got None"),
    (start(w=True), "initial.w must be a number or an array of numbers, got True"),
    (start(w=1j), "initial.w must be a number or an array of numbers, got 1j"),
    (start(w=[[1.0], [2.0, 3.0]]), "initial.w must be a number or an array of numbers, got [[1.0], [2.0, 3.0]]"),
    (start(w=[]), "initial.w must be at least one number, got []"),
    (
        start(w=[1.0, 2.0], b=[1.0, 2.0, 3.0]),
        "initial, negative_slope and optimizer must have shapes that broadcast together, "
        "got initial.w (2,), initial.b (3,)",
    ),
    (
        {**start(w=[1.0, 2.0]), "negative_slope": [[0.0], [0.5]], "optimizer": SGD(learning_rate=[1.0, 2.0, 3.0])},
        "initial, negative_slope and optimizer must have shapes that broadcast together, "
        "got initial.w (2,), negative_slope (2, 1), optimizer (3,)",
    ),
    (
        {"optimizer": SGD(learning_rate=[1.0, 2.0, 3.0], momentum=[0.0, 0.5])},
        "optimizer must have settings of shapes that broadcast together, "
        "got SGD(learning_rate=array([1., 2., 3.]), momentum=array([0. , 0.5]), nesterov=False)",
    ),
    ({"optimizer": SGD(learning_rate=[1.0, 1e39])}, "optimizer.learning_rate must be finite in float32, got 1e+39"),
    ({"negative_slope": [0.0, NAN]}, "negative_slope must be finite in float32, got nan"),
    ({"negative_slope": ["0"]}, "negative_slope must be a number or an array of numbers, got ['0']"),
    ({"initial": -10.0}, "initial must be Parameters, got -10.0"),
    ({"initial": (1.0, 0.0, 1.0, 0.0)}, "initial must be Parameters, got (1.0, 0.0, 1.0, 0.0)"),
    ({"trainable": ()}, f"trainable must be a tuple of some of {NAMES}, got ()"),
    ({"trainable": "w"}, f"trainable must be a tuple of some of {NAMES}, got 'w'"),
    ({"trainable": "wb"}, f"trainable must be a tuple of some of {NAMES}, got 'wb'"),
    ({"trainable": ("w", "q")}, f"trainable must be a tuple of some of {NAMES}, got ('w', 'q')"),
    ({"trainable": None}, f"trainable must be a tuple of some of {NAMES}, got None"),
    ({"trainable": 1}, f"trainable must be a tuple of some of {NAMES}, got 1"),
    ({"negative_slope": NAN}, "negative_slope must be finite in float32, got nan"),
    ({"negative_slope": "0.3"}, "negative_slope must be a number, got '0.3'"),
    ({"negative_slope": None}, "negative_slope must be a number, got None"),
    ({"negative_slope": True}, "negative_slope must be a number, got True"),
    ({"negative_slope": 1e300, "dtype": "float64"}, "negative_slope must be finite in float32, got 1e+300"),
    ({"optimizer": "adam"}, "optimizer must be an Optimizer such as SGD(), got 'adam'"),
    ({"optimizer": SGD}, f"optimizer must be an Optimizer such as SGD(), got {SGD!r}"),
    ({"optimizer": SGD(learning_rate=1e39)}, "optimizer.learning_rate must be finite in float32, got 1e+39"),
    ({"target": None}, "target must be a Target, got None"),
    ({"target": (1.0, 0.0)}, "target must be a Target, got (1.0, 0.0)"),
    ({"target": Target(w=NAN)}, "target.w must be finite in float32, got nan"),
    ({"target": Target(b="0")}, "target.b must be a number, got '0'"),
    ({"target": Target(negative_slope=1e39)}, "target.negative_slope must be finite in float32, got 1e+39"),
    ({"batch_size": 0}, "batch_size must be an integer of at least 1, got 0"),
    ({"batch_size": -1000}, "batch_size must be an integer of at least 1, got -1000"),
    ({"batch_size": 10.0}, "batch_size must be an integer of at least 1, got 10.0"),
    ({"batch_size": True}, "batch_size must be an integer of at least 1, got True"),
    ({"batch_size": "10"}, "batch_size must be an integer of at least 1, got '10'"),
    ({"steps": 0}, "steps must be an integer of at least 1, got 0"),
    ({"steps": -1}, "steps must be an integer of at least 1, got -1"),
    ({"steps": NAN}, "steps must be an integer of at least 1, got nan"),
    ({"steps": None}, "steps must be an integer of at least 1, got None"),
    ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
    ({"seed": 1.5}, "seed must be an integer of at least 0, got 1.5"),
    ({"seed": None}, "seed must be an integer of at least 0, got None"),
    ({"dtype": "float16"}, "dtype must be float32 or float64, got 'float16'"),
    ({"dtype": np.float32}, f"dtype must be float32 or float64, got {np.float32!r}"),
    ({"dtype": None}, "dtype must be float32 or float64, got None"),
    ({"dtype": ["float32"]}, "dtype must be float32 or float64, got ['float32']"),
    ({"grad_at_zero": NAN}, "grad_at_zero must be finite in float32, got nan"),
    ({"grad_at_zero": "0"}, "grad_at_zero must be a number, got '0'"),
    ({"constants": "float16"}, "constants must be one of ('float32', 'direct'), got 'float16'"),
    ({"constants": ["direct"]}, "constants must be one of ('float32', 'direct'), got ['direct']"),
]


@pytest.mark.parametrize(("fields", "message"), BAD, ids=[message[:70] for _, message in BAD])
def test_a_bad_field_is_refused_in_one_line(fields, message):
    with pytest.raises((TypeError, ValueError)) as error:
        Experiment(**fields)
    assert str(error.value) == f"Experiment.{message}"


def test_every_field_has_a_bad_value_in_the_table():
    assert {name for fields, _ in BAD for name in fields} == {field.name for field in dataclasses.fields(Experiment)}


def test_an_unknown_field_is_refused():
    with pytest.raises(TypeError, match="unexpected keyword argument 'epochs'"):
        Experiment(epochs=20)


def test_nothing_given_is_the_run_of_the_question():
    e = Experiment()
    assert (e.initial, e.trainable, e.negative_slope) == (Parameters(-10.0, 0.0, 1.0, 0.0), ("w",), 0.0)
    assert (e.optimizer, e.target) == (SGD(learning_rate=0.01), Target(1.0, 0.0, 0.0))
    assert (e.batch_size, e.steps, e.seed, e.dtype, e.grad_at_zero) == (1000, 2000, 0, "float32", None)


def test_what_is_equivalent_becomes_equal():
    plain = Experiment(initial=Parameters(2.0), trainable=("w", "b"), batch_size=4, negative_slope=1.0, dtype="float64")
    fancy = Experiment(
        initial=Parameters(np.int64(2)),
        trainable=["b", "w", "w"],
        batch_size=np.int32(4),
        negative_slope=np.float32(1),
        target=(1, 0, 0),
        dtype=np.dtype("float64"),
    )
    assert plain == fancy
    assert hash(plain) == hash(fancy)
    assert type(fancy.dtype) is str


def test_experiments_of_ensembles_compare_and_hash_as_values():
    first, second, other, turned = (
        Experiment(initial=Parameters(w=w)) for w in ([1.0, 2.0], (1.0, 2.0), [1.0, 3.0], [[1.0], [2.0]])
    )
    assert first == second
    assert len({first, second, other, turned}) == 3
    assert first != Experiment(initial=Parameters(w=[1.0, 2.0]), seed=1)
    assert first != "an experiment"


def test_an_experiment_is_immutable_and_keeps_its_own_copy_of_the_start():
    w = np.array([1.0, 2.0])
    experiment = Experiment(initial=Parameters(w=w))
    w[0] = 99.0
    assert experiment.initial.w.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        experiment.initial.w[0] = 5.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        experiment.steps = 5


def test_the_shape_is_that_of_the_ensemble():
    assert Experiment().shape == ()
    assert Experiment(initial=Parameters(w=[[1.0], [2.0]], b=[1.0, 2.0, 3.0])).shape == (2, 3)
    assert Experiment(initial=Parameters(w=[[1.0], [2.0]]), negative_slope=[0.0, 0.5, 1.0]).shape == (2, 3)
    assert Experiment(optimizer=SGD(learning_rate=[1.0, 2.0], momentum=[[0.0], [0.5]])).shape == (2, 2)


def test_arrays_of_settings_compare_and_hash_as_values():
    rates = [SGD(learning_rate=rate) for rate in ([1.0, 2.0], np.array([1, 2]), (1.0, 3.0), 1.0)]
    assert rates[0] == rates[1]
    assert len(set(rates)) == 3
    assert len({Experiment(optimizer=rate) for rate in rates}) == 3
    assert len({Experiment(negative_slope=slope) for slope in ([0.0, 0.5], (0.0, 0.5), [0.5, 0.0], 0.5)}) == 3


@pytest.mark.parametrize("value", [3.4e38, -1e-45, 5e-324, -0.0])
def test_extreme_but_finite_starts_are_kept_as_they_are(value):
    kept = Experiment(initial=Parameters(w=value)).initial.w
    assert (kept, np.signbit(kept)) == (value, np.signbit(value))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", [0, 7, 2**70])
def test_batches_are_the_stream_of_the_contract_cast_once(dtype, seed):
    x, y = draw_batches(Experiment(steps=3, batch_size=5, seed=seed, dtype=dtype))
    stream = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed))).standard_normal(15)
    assert x.dtype == y.dtype == dtype
    assert x.shape == y.shape == (3, 5)
    assert x.ravel().tolist() == [float(np.array(a).astype(dtype)) for a in stream]
    assert y.ravel().tolist() == [a if a > 0 else 0.0 for a in x.ravel().tolist()]


def test_other_seeds_give_other_batches_and_the_same_seed_the_same():
    draws = [draw_batches(Experiment(steps=2, batch_size=3, seed=seed))[0].tobytes() for seed in (0, 0, 1, 2)]
    assert draws[0] == draws[1]
    assert len(set(draws)) == 3


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_labels_are_the_teachers_rounded_operation_by_operation(dtype):
    scalar = np.dtype(dtype).type
    teacher = Target(w=-1.3, b=0.2, negative_slope=0.7)
    x, y = draw_batches(Experiment(target=teacher, steps=1, batch_size=200, dtype=dtype))

    def rounded(exact):  # of a rational, by way of the nearest double: once, unless float32 ties
        return Fraction(float(scalar(float(exact))))

    w, b, slope = (Fraction(float(scalar(t))) for t in teacher)
    for a, label in zip(x.ravel(), y.ravel(), strict=True):
        z = rounded(rounded(w * Fraction(float(a))) + b)
        assert Fraction(float(label)) == (z if z > 0 else rounded(slope * z))


def test_a_teacher_of_enormous_weight_gives_infinite_labels_and_no_warning():
    _, y = draw_batches(Experiment(target=Target(w=3e38), steps=1, batch_size=50))
    assert set(y.ravel()[~np.isfinite(y.ravel())]) == {np.inf}


@pytest.mark.parametrize("steps_per_block", [1, 2, 3, 7, 8, 100, None])
def test_blocks_are_the_whole_stream_cut_up(steps_per_block):
    experiment = Experiment(steps=7, batch_size=3, target=Target(w=2.0, b=1.0))
    blocks = list(iterate_batches(experiment, steps_per_block))
    x, y = draw_batches(experiment)
    assert np.concatenate([block for block, _ in blocks]).tobytes() == x.tobytes()
    assert np.concatenate([block for _, block in blocks]).tobytes() == y.tobytes()
    assert max(len(block) for block, _ in blocks) == min(steps_per_block or 7, 7)


def test_by_default_a_block_holds_a_bounded_number_of_samples(monkeypatch):
    monkeypatch.setattr(reference.experiment, "SAMPLES_PER_BLOCK", 10)
    sizes = {n: [x.shape for x, _ in iterate_batches(Experiment(steps=5, batch_size=n))] for n in (3, 10, 11)}
    assert sizes == {3: [(3, 3), (2, 3)], 10: [(1, 10)] * 5, 11: [(1, 11)] * 5}


@pytest.mark.parametrize(("steps_per_block", "kind"), [(0, ValueError), (-1, ValueError), (1.5, TypeError)])
def test_a_bad_block_length_is_refused_at_once(steps_per_block, kind):
    with pytest.raises(kind, match=r"^steps_per_block must be an integer of at least 1, got "):
        iterate_batches(Experiment(), steps_per_block)


@pytest.mark.parametrize("function", [draw_batches, iterate_batches])
def test_what_is_no_experiment_is_refused(function):
    with pytest.raises(TypeError, match=r"^experiment must be an Experiment, got Adam\("):
        function(Adam())


def test_constants_decide_how_slope_and_settings_are_rounded():
    given = {"negative_slope": 0.3, "optimizer": SGD(momentum=0.9), "dtype": "float64"}
    as_on_tensorflow, elsewhere = Experiment(**given), Experiment(**given, constants="direct")
    assert as_on_tensorflow.slope == float(np.float32(0.3))
    assert elsewhere.slope == 0.3
    for experiment, momentum in ((as_on_tensorflow, float(np.float32(0.9))), (elsewhere, 0.9)):
        assert experiment.optimizer.constant(0.9, np.dtype(np.float64)) == momentum
        again = dataclasses.replace(experiment, optimizer=dataclasses.replace(experiment.optimizer, learning_rate=0.5))
        assert again.optimizer.constant(0.9, np.dtype(np.float64)) == momentum
        assert pickle.loads(pickle.dumps(experiment)) == experiment
    assert as_on_tensorflow != elsewhere
    assert dataclasses.replace(elsewhere, constants="float32") == as_on_tensorflow
    assert repr(elsewhere.optimizer) == repr(as_on_tensorflow.optimizer)


@pytest.mark.parametrize("members", [1, 5, 5000])
def test_an_ensemble_rounds_its_slope_likewise(members):
    given = {"negative_slope": 0.3, "dtype": "float64", "steps": 4, "batch_size": 64}
    starts = np.linspace(-2.0, -0.5, members)

    def end(constants, start):
        return train(Experiment(initial=Parameters(w=start), constants=constants, **given), record="end").end.w

    direct, by_float32, alone = end("direct", starts)[0], end("float32", starts)[0], end("direct", starts[0])
    assert abs(direct - alone) < abs(by_float32 - alone) / 1000
