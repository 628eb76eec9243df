"""Defects of how JAX and optax are driven: the scan, what is handed to it, and what is written down."""

from functools import partial

from compare.defects.defect import Defect, Substitution, defects

__all__ = ["DEFECTS"]

in_subject = partial(Substitution, "compare.subjects.jax_optax")

_CARRIED = "return (trained, state), (trained, slots, y_pred, loss, gradient)"
_HANDED_IN = "start, (x, y, rates))"
_UPDATED = "updates, state = build(learning_rate)"
_BLOCK = "block, state = scan.record(experiment, state, first_step, x, y)"
_BORDER = f"                {_BLOCK}"
_RATES = "rates = np.full(len(x), experiment.optimizer.learning_rate, experiment.dtype)"
_NUMBERS = "return {name: np.array(getattr(experiment.initial, name), experiment.dtype) for name in names}"
_FIXED = "end, recorded = self.scan(_numbers(experiment, self.fixed)"

DEFECTS: tuple[Defect, ...] = (
    *defects(
        "formula",
        {
            ("jax-state-thrown-away", "jax-momentum"): (
                "The state that the optimizer returns is not handed on.",
                "raskr/rust-autograd#16: Adam computes new moments and never keeps them",
                in_subject(_UPDATED, "updates, _ = build(learning_rate)"),
            ),
            ("jax-betas-swapped", "jax-adam"): (
                "The betas are handed over in the wrong order.",
                "plausible slip: a pair taken for the other way round",
                in_subject('"b1": settings["beta_1"]', '"b1": settings["beta_2"]'),
                in_subject('"b2": settings["beta_2"]', '"b2": settings["beta_1"]'),
            ),
            ("jax-epsilon-not-passed", "jax-adam"): (
                "Epsilon is not handed over, and is what it is by default.",
                "vwxyzjn/lm-human-preference-details#23: eps is not passed on to optax' Adam",
                in_subject('"eps": settings["epsilon"],\n        "eps_root"', '"eps": 1e-8,\n        "eps_root"'),
            ),
            ("jax-epsilons-exchanged", "jax-adam"): (
                "Epsilon is added before the root of the second moment is taken.",
                "FluxML/Flux.jl#448: Adam's epsilon is inside the root, where the paper has it outside",
                in_subject(
                    '"eps": settings["epsilon"],\n        "eps_root"', '"eps_root": settings["epsilon"],\n        "eps"'
                ),
            ),
            ("jax-updates-not-negated", "jax-relu"): (
                "Updates are subtracted, uphill.",
                "plausible slip: optax' updates have their sign already",
                in_subject("optax.apply_updates(trained, updates)", "{n: trained[n] - updates[n] for n in trained}"),
            ),
        },
    ),
    *defects(
        "start",
        {
            ("jax-start-in-half-precision", "jax-slow"): (
                "Parameters start where float16 has them.",
                "plausible slip: a checkpoint of fewer bytes",
                in_subject(_NUMBERS, _NUMBERS.replace("experiment.dtype)", '"float16").astype(experiment.dtype)')),
            ),
            ("jax-untrained-start-off", "jax-untrained"): (
                "What is not trained is off by a thousandth.",
                "plausible slip: another file of weights for the frozen layer",
                in_subject(
                    _FIXED,
                    "frozen = {n: value * value.dtype.type(1.001) "
                    "for n, value in _numbers(experiment, self.fixed).items()}\n"
                    "        end, recorded = self.scan(frozen",
                ),
            ),
        },
    ),
    *defects(
        "records",
        {
            ("jax-record-of-step-before", "jax-relu"): (
                "The parameters recorded are those before each step.",
                "plausible slip: what is carried in, in place of what is carried on",
                in_subject(_CARRIED, _CARRIED.replace("(trained, slots", "(carry[0], slots")),
            ),
            ("jax-record-loss-after-step", "jax-crossing"): (
                "The loss recorded is that of the parameters after the step.",
                "plausible slip: the loss evaluated once more for the record",
                in_subject(_CARRIED, _CARRIED.replace("loss, gradient", "loss_of(trained, x, y)[0], gradient")),
            ),
            ("jax-record-updates-for-gradient", "jax-crossing"): (
                "What is recorded as the gradient is the update.",
                "plausible slip: one of two trees of the same shape",
                in_subject(_CARRIED, _CARRIED.replace("gradient)", "updates)")),
            ),
        },
    ),
    *defects(
        "borders",
        {
            ("jax-border-loses-state", "jax-momentum-in-blocks"): (
                "Each block of batches begins with a new state of the optimizer.",
                "NM512/dreamerv3-torch#38: where training is resumed, the optimizers begin anew",
                in_subject(_BORDER, f"{_BORDER}\n                state = state[0], scan.init(state[0])"),
            ),
            ("jax-border-begins-anew", "jax-momentum-in-blocks"): (
                "Each block of batches begins where the first one did.",
                "plausible slip: a state that is returned and not taken",
                in_subject(_BLOCK, _BLOCK.replace("block, state", "block, _")),
            ),
        },
    ),
    *defects(
        "data",
        {
            ("jax-labels-of-batch-before", "jax-relu"): (
                "Each batch is trained with the labels of the batch before.",
                "plausible slip: two iterators out of step",
                in_subject(_HANDED_IN, "start, (x, np.roll(y, 1, axis=0), rates))"),
            ),
            ("jax-batches-backwards", "jax-relu"): (
                "A block's batches are trained on from the last to the first.",
                "plausible slip: a scan in reverse",
                in_subject("jax.lax.scan(step, start, batches)", "jax.lax.scan(step, start, batches, reverse=True)"),
            ),
        },
    ),
    *defects(
        "condition",
        {
            ("jax-rate-halved-after-50-steps", "jax-relu"): (
                "After 50 steps the learning rate is half of what it was.",
                "Lornatang/SRGAN-PyTorch#1: a schedule of epochs is followed step by step",
                in_subject(_RATES, f"{_RATES}\n        rates[max(0, 50 - first_step) :] /= 2"),
            ),
            ("jax-large-gradients-scaled", "jax-crossing"): (
                "A gradient beyond 5 is scaled down to it.",
                "plausible slip: clipping by norm left in from another model",
                in_subject(
                    _UPDATED,
                    "size = optax.tree_utils.tree_norm(gradient)\n"
                    "                gradient = {n: g * jax.numpy.minimum(1, 5 / size) for n, g in gradient.items()}\n"
                    f"                {_UPDATED}",
                ),
            ),
        },
    ),
)
