"""Defects planted in the reference's neuron: forward, loss, derivative at the kink, backward."""

from functools import partial

from compare.defects.defect import MISSED_FIRST, Substitution, defects

__all__ = ["DEFECTS"]

in_neuron = partial(Substitution, "reference.neuron")

_UPSTREAM = "residual * 2 / x.shape[-1]"
_MSE = "np.square(residual).sum(axis=-1) / residual.shape[-1]"
_SIDES = "np.where(z > 0, one, left)"
_OF_RELU = "(z > 0).astype(z.dtype)"
_PHI = "np.where(z > 0, z, negative_slope * z)"
_DERIVATIVE = "phi_derivative(at.z, negative_slope, grad_at_zero)"
_INWARD = f"upstream * _across_samples(parameters.v) * {_DERIVATIVE}"

DEFECTS = defects(
    "formula",
    {
        ("gradient-without-factor-2", "leaky"): (
            "The derivative of the square has lost its factor 2.",
            "davisking/dlib#1169: the gradient of the squared error lacks the factor 2",
            in_neuron(_UPSTREAM, "residual / x.shape[-1]"),
        ),
        ("gradient-summed", "relu"): (
            "The gradient is the sum over the batch, not the mean.",
            "davharris/mistnet#33: gradients must be averaged over the minibatch, not summed",
            in_neuron(_UPSTREAM, "residual * 2"),
        ),
        ("gradient-over-n-minus-1", "relu"): (
            "The gradient is divided by n - 1.",
            "plausible slip: the divisor of a sample variance in place of that of a mean",
            in_neuron(_UPSTREAM, "residual * 2 / (x.shape[-1] - 1)"),
        ),
        ("gradient-uphill", "relu"): (
            "The residual is taken as label minus prediction, so training climbs.",
            "plausible slip: y - y_pred and y_pred - y have the same square",
            in_neuron("    return y_pred - y", "    return y - y_pred"),
        ),
        ("loss-summed", "relu"): (
            "The loss is the sum of the squares.",
            "odlgroup/odl#1114: mean_squared_error computes the squared error without the mean",
            in_neuron(_MSE, "np.square(residual).sum(axis=-1)"),
        ),
        ("loss-halved", "leaky"): (
            "The loss carries the factor 1/2 of the textbooks, the gradient does not.",
            "tiny-dnn/tiny-dnn#159: the mean squared error comes out halved",
            in_neuron(_MSE, f"{_MSE} / 2"),
        ),
        ("loss-over-n-minus-1", "relu"): (
            "The loss is divided by n - 1.",
            "plausible slip: the divisor of a sample variance",
            in_neuron(_MSE, "np.square(residual).sum(axis=-1) / (residual.shape[-1] - 1)"),
        ),
        ("loss-root", "relu"): (
            "The root of the mean square is reported.",
            "plausible slip: RMSE and MSE confused in the report",
            in_neuron(_MSE, f"np.sqrt({_MSE})"),
        ),
        ("mask-from-input", "relu"): (
            "The derivative of ReLU is taken at x, not at w x + b.",
            "plausible slip: x and z swapped; unseen while w > 0 and b = 0",
            in_neuron(_DERIVATIVE, "phi_derivative(x, negative_slope, grad_at_zero)"),
        ),
        ("mask-from-activation", "negative"): (
            "The derivative is taken at phi(z); with a negative slope that is positive on both sides.",
            "pytorch/pytorch#31938: leaky_relu_ has a wrong gradient with a negative slope",
            in_neuron(_DERIVATIVE, "phi_derivative(at.activation, negative_slope, grad_at_zero)"),
        ),
        ("mask-from-prediction", "output"): (
            "The derivative is taken at the network's output.",
            "tsoding/nn.h#18: the derivative is taken at the activated output, not at the pre-activation",
            in_neuron(_DERIVATIVE, "phi_derivative(at.y_pred, negative_slope, grad_at_zero)"),
        ),
        ("mask-missing-at-slope-0", "relu"): (
            "With slope 0 the gradient passes on both sides.",
            "chainer/chainer#5898: leaky_relu with slope 0 passes all gradients back, also at x < 0",
            in_neuron(_DERIVATIVE, f"(1.0 if negative_slope == 0 else {_DERIVATIVE})"),
        ),
        ("upstream-dropped", "output"): (
            "Backward through the activation gives phi'(z) alone and forgets what arrives from the loss.",
            "haifengl/smile#528: the rectifier overwrites the gradient of the upper layer with 0 or 1",
            in_neuron(_INWARD, f"_across_samples(parameters.v) * {_DERIVATIVE}"),
        ),
        ("output-weight-dropped", "output"): (
            "The chain rule leaves out the output weight v.",
            "plausible slip: right as long as v is 1",
            in_neuron(_INWARD, f"upstream * {_DERIVATIVE}"),
        ),
        ("output-gradient-from-z", "output"): (
            "dL/dv is formed with the pre-activation.",
            "iamtrask/Grokking-Deep-Learning#9: layer values before and after relu mixed up in backpropagation",
            in_neuron("(upstream * at.activation)", "(upstream * at.z)"),
        ),
        ("slope-dropped-in-backward", "leaky"): (
            "The derivative of leaky ReLU is that of ReLU.",
            "scientific-computing/FKB#15: the derivative of leaky_relu is the same as that of relu",
            in_neuron("left = slope if grad_at_zero is None", "left = one * 0 if grad_at_zero is None"),
        ),
        ("slope-squared-in-backward", "leaky"): (
            "The slope is applied twice on the way back.",
            "plausible slip: the activation's own backward and the caller's both multiply",
            in_neuron("left = slope if grad_at_zero is None", "left = slope * slope if grad_at_zero is None"),
        ),
        ("slope-times-z-in-backward", "leaky"): (
            "The derivative at z < 0 is the value, slope times z.",
            "pluskid/Mocha.jl#94: the derivative of 0.01x is 0.01, not 0.01x",
            in_neuron(_SIDES, "np.where(z > 0, one, left * z)"),
        ),
        ("slope-on-the-wrong-side-in-backward", "leaky"): (
            "The derivative is the slope where z > 0, and 1 elsewhere.",
            "plausible slip: the branches of a where swapped",
            in_neuron(_SIDES, "np.where(z > 0, left, one)"),
        ),
        ("slope-on-the-wrong-side-in-forward", "leaky"): (
            "The positive side is multiplied by the slope.",
            "plausible slip: the branches of a where swapped",
            in_neuron(_PHI, "np.where(z > 0, negative_slope * z, z)"),
        ),
        ("slope-dropped-in-forward", "leaky"): (
            "Leaky ReLU is ReLU going forward.",
            "tflearn/tflearn#784: leaky_relu starts with relu, so negative values are lost",
            in_neuron(_PHI, "np.maximum(z, 0)"),
        ),
        ("slope-squared-in-forward", "leaky"): (
            "The slope is applied twice going forward.",
            "plausible slip: layer and activation function both multiply",
            in_neuron(_PHI, "np.where(z > 0, z, negative_slope * (negative_slope * z))"),
        ),
        ("leaky-as-maximum", "steep"): (
            "Leaky ReLU is max(z, slope z), which is the minimum once the slope exceeds 1.",
            "PaddlePaddle/Paddle#26216: fix the result of leaky_relu when alpha > 1",
            in_neuron(_PHI, "np.maximum(z, negative_slope * z)"),
        ),
        ("relu-derivative-at-zero-1", "relu", MISSED_FIRST): (
            "relu'(0) is 1: the gradient is cut off at z < 0 only.",
            "pytorch/tutorials#269: grad[h < 0] = 0 misses h = 0",
            in_neuron(_OF_RELU, "np.where(-z > 0, 0 * one, one)"),
        ),
        ("relu-derivative-at-zero-half", "relu", MISSED_FIRST): (
            "relu'(0) is 1/2.",
            "jax-ml/jax#37821: the gradient of maximum(x, 0) at 0 is 0.5",
            in_neuron(_DERIVATIVE, "phi_derivative(at.z, negative_slope, 0.5)"),
        ),
        ("leaky-derivative-at-zero-1", "leaky", MISSED_FIRST): (
            "leaky'(0) is 1, not the slope.",
            "uptake/numpynet#35: wrong derivatives of relu and leaky relu at x = 0",
            in_neuron(_DERIVATIVE, "phi_derivative(at.z, negative_slope, 1.0)"),
        ),
        ("leaky-derivative-at-zero-0", "leaky", MISSED_FIRST): (
            "leaky'(0) is 0.",
            "plausible slip: the derivative written with sign(z), which is 0 at 0",
            in_neuron(_DERIVATIVE, "phi_derivative(at.z, negative_slope, 0.0)"),
        ),
        ("bias-gradient-averaged-twice", "leaky"): (
            "dL/db is a mean of terms that hold 1/n already.",
            "kvfrans/notes#5: the gradient of the bias takes a mean where a sum is due",
            in_neuron("inward.sum(axis=-1)", "(inward / x.shape[-1]).sum(axis=-1)"),
        ),
        ("output-bias-gradient-halved", "output"): (
            "dL/dd has lost the factor 2, the other derivatives keep it.",
            "plausible slip: the derivative of the last layer written down separately",
            in_neuron('gradient["d"] = upstream.sum(axis=-1)', 'gradient["d"] = upstream.sum(axis=-1) / 2'),
        ),
        ("bias-forgotten-in-forward", "leaky"): (
            "z is w x; the bias has a gradient and no effect.",
            "plausible slip: a layer built without use_bias",
            in_neuron("z = w * x + b", "z = w * x + b * 0"),
        ),
        ("output-bias-scaled", "output"): (
            "The prediction is v (phi(z) + d).",
            "plausible slip: a bracket in the wrong place; right as long as v is 1",
            in_neuron("v * activation + d", "v * (activation + d)"),
        ),
        ("labels-from-abs", "relu", MISSED_FIRST): (
            "The teacher is |x|, and both witnesses are handed its labels.",
            "plausible slip: y from the wrong teacher",
            in_neuron(
                "return phi(scalar(self.w) * x + scalar(self.b), scalar(self.negative_slope))",
                "return np.abs(scalar(self.w) * x + scalar(self.b))",
            ),
        ),
    },
)
