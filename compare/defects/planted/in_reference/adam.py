"""Defects planted in the reference's Adam, AMSGrad and AdamW."""

from functools import partial

from compare.defects.defect import MISSED_FIRST, Substitution, defects

__all__ = ["DEFECTS"]

in_adam = partial(Substitution, "reference.optimizers.adam")

_POWER_1 = "np.power(self.constant(self.beta_1, dtype_of(w)), t)"
_POWER_2 = "np.power(self.constant(self.beta_2, dtype_of(w)), t)"
_AGE = "t = np.add(iterations, 1, dtype=dtype_of(w))"
_LATE_AGE = "np.maximum(np.add(iterations, 0, dtype=dtype_of(w)), 1)"
_ADAM_ROOT = "(np.sqrt(v) + scalar(self.epsilon))"
_HAT = 'v = new["velocity_hat"] = np.maximum(slots["velocity_hat"], v)'
_DECAY_RATE = "self.constant(self.weight_decay, dtype_of(w)) * dtype_of(w).type(self.learning_rate)"
_DECAY = f"decay = w * {_DECAY_RATE}"
_ADAMW_STEP = "return super().update(w - decay, g, iterations, slots)"

DEFECTS = defects(
    "formula",
    {
        ("adam-no-bias-correction", "adam"): (
            "Neither moment is corrected for its start at 0.",
            "oxiglade/mlx-rs#301: missing bias correction in Adam variants",
            in_adam(f"            * np.sqrt(1 - {_POWER_2})\n", ""),
            in_adam(f"            / (1 - {_POWER_1})\n", ""),
        ),
        ("adam-bias-correction-multiplied", "adam"): (
            "The correction of the first moment multiplies where it should divide.",
            "karpathy/convnetjs#70: the bias correction uses multiplication instead of division",
            in_adam(f"/ (1 - {_POWER_1})", f"* (1 - {_POWER_1})"),
        ),
        ("adam-power-missing", "adam"): (
            "The corrections use beta, not beta to the power t.",
            "eriklindernoren/ML-From-Scratch#35: the bias correction is not raised to the power t",
            in_adam(_POWER_1, "self.constant(self.beta_1, dtype_of(w))"),
            in_adam(_POWER_2, "self.constant(self.beta_2, dtype_of(w))"),
        ),
        ("adam-powers-one-ahead", "adam"): (
            "The first step is corrected as if it were the second.",
            "google-deepmind/optax#1744: a step count that starts at 1 and is used before it grows",
            in_adam(_AGE, "t = np.add(iterations, 2, dtype=dtype_of(w))"),
        ),
        ("adam-powers-one-behind", "adam"): (
            "From the second step on, the correction is that of the step before.",
            "plausible slip: the count is advanced after its use",
            in_adam(_POWER_1, _POWER_1.replace("t)", f"{_LATE_AGE})")),
            in_adam(_POWER_2, _POWER_2.replace("t)", f"{_LATE_AGE})")),
        ),
        ("adam-beta-1-0.8", "adam"): (
            "The first moment decays with 0.8 whatever beta_1 is.",
            "plausible slip: a value tried once and left",
            in_adam("scalar(1 - self.beta_1)", "scalar(1 - 0.8)"),
        ),
        ("adam-beta-2-0.99", "adam"): (
            "The second moment decays with 0.99 whatever beta_2 is.",
            "karpathy/convnetjs#70: beta2 is 0.99 where the paper recommends 0.999",
            in_adam("scalar(1 - self.beta_2)", "scalar(1 - 0.99)"),
        ),
        ("adam-beta-backwards", "adam"): (
            "beta_2 stands for 1 - beta_2.",
            "mila-iqia/blocks#1159: the moment parametrization of Adam is backwards",
            in_adam("scalar(1 - self.beta_2)", "scalar(self.beta_2)"),
        ),
        ("adam-epsilon-inside-root", "adam", MISSED_FIRST): (
            "Epsilon is added before the root is taken.",
            "d2l-ai/d2l-zh#502: epsilon should be outside of the square root",
            in_adam(_ADAM_ROOT, "np.sqrt(v + scalar(self.epsilon))"),
        ),
        ("adam-epsilon-1e-8", "adam", MISSED_FIRST): (
            "Epsilon is 1e-8, not 1e-7.",
            "jrios6/Adam-vs-SGD-Numpy#1: epsilon should be 1e-8, not 10e-8",
            in_adam(_ADAM_ROOT, "(np.sqrt(v) + scalar(1e-8))"),
        ),
        ("adam-epsilon-missing", "adam", MISSED_FIRST): (
            "There is no epsilon.",
            "facebookresearch/dadaptation#31: the default of eps is 0.0",
            in_adam(_ADAM_ROOT, "np.sqrt(v)"),
        ),
        ("adam-epsilon-of-algorithm-1", "adam", MISSED_FIRST): (
            "Epsilon is scaled along with the corrected second moment, as in the paper's algorithm 1.",
            "tensorflow/tensorflow#9047: beta2_power also scales epsilon in the Adam optimizer",
            in_adam(_ADAM_ROOT, f"(np.sqrt(v) + scalar(self.epsilon) * np.sqrt(1 - {_POWER_2}))"),
        ),
        ("adam-steps-with-old-moment", "adam"): (
            "The step uses the first moment of the step before.",
            "google-deepmind/optax#1716: the first moment of the previous step in place of the new one",
            in_adam("return w - m * alpha", 'return w - slots["momentum"] * alpha'),
        ),
        ("adam-state-not-kept", "adam"): (
            "New moments are used and thrown away.",
            "raskr/rust-autograd#16: the state of Adam is copied and never updated",
            in_adam('new = {"momentum": m, "velocity": v}', "new = dict(slots)"),
        ),
        ("adam-second-moment-of-size", "adam"): (
            "The second moment averages |g|, not its square.",
            "plausible slip: a root taken twice",
            in_adam('(np.square(g) - slots["velocity"])', '(np.absolute(g) - slots["velocity"])'),
        ),
        ("amsgrad-ignored", "amsgrad"): (
            "The maximum is neither kept nor used.",
            "chaoshangcs/GTS#16: AMSGrad is not used anywhere",
            in_adam(_HAT, 'new["velocity_hat"] = slots["velocity_hat"]'),
        ),
        ("amsgrad-without-maximum", "amsgrad"): (
            "The hat is the last second moment, not the largest.",
            "plausible slip: an assignment where a maximum is due",
            in_adam(_HAT, 'new["velocity_hat"] = v'),
        ),
        ("amsgrad-not-kept", "amsgrad"): (
            "The maximum is used and thrown away.",
            "chainer/chainer#7661: the state vhat of AMSGrad is not updated",
            in_adam(_HAT, 'v, new["velocity_hat"] = np.maximum(slots["velocity_hat"], v), slots["velocity_hat"]'),
        ),
        ("amsgrad-over-corrected-moment", "amsgrad"): (
            "The maximum is taken after the bias correction.",
            "google-deepmind/optax#1389: AMSGrad takes the maximum over the corrected moment",
            in_adam(
                _HAT,
                f'new["velocity_hat"] = np.maximum(slots["velocity_hat"], v / (1 - {_POWER_2}))\n'
                f'            v = new["velocity_hat"] * (1 - {_POWER_2})',
            ),
        ),
        ("amsgrad-over-previous-moment", "amsgrad"): (
            "The maximum lags: it is taken over the second moment of the step before.",
            "plausible slip: the maximum formed before the moment is updated",
            in_adam(_HAT, 'v = new["velocity_hat"] = np.maximum(slots["velocity_hat"], slots["velocity"])'),
        ),
        ("decay-coupled", "adamw"): (
            "Weight decay is added to the gradient and passes through the moments.",
            "pytorch/pytorch#4429: L2 regularization in the gradient is not decoupled weight decay",
            in_adam(
                _ADAMW_STEP,
                "return super().update(w, g + w * self.constant(self.weight_decay, dtype_of(w)), iterations, slots)",
            ),
        ),
        ("decay-after-step", "adamw"): (
            "The decay is taken from the parameter that has made its step.",
            "huggingface/transformers#14539: the weight decay is multiplied with the parameter already updated",
            in_adam(
                _ADAMW_STEP,
                "stepped, new = super().update(w, g, iterations, slots)\n"
                f"        rate = {_DECAY_RATE}\n"
                "        return stepped - stepped * rate, new",
            ),
        ),
        ("decay-not-scaled", "adamw"): (
            "The decay is not multiplied by the learning rate.",
            "tensorflow/addons#2282: weight decay is not multiplied with the learning rate",
            in_adam(_DECAY, "decay = w * self.constant(self.weight_decay, dtype_of(w))"),
        ),
        ("decay-without-parameter", "adamw"): (
            "The decay is a constant, not a share of the parameter.",
            "e-sensing/torchopt#14: the weight decay is not multiplied by the parameter",
            in_adam(_DECAY, _DECAY.replace("w * self", "self")),
        ),
        ("decay-ignored", "adamw"): (
            "There is no decay.",
            "plausible slip: the setting is accepted and never read",
            in_adam(_ADAMW_STEP, "return super().update(w, g, iterations, slots)"),
        ),
    },
)
