"""The gallery of planted defects: what the certificate sees, and what the usual tests see.

`python -m compare.defects` plants every one of them in turn. They are data, one small patch
each: `defect` says what one is, `in_neuron` to `in_conditions` hold them by where they are
planted or by kind, `keras_steps` and `keras_losses` what is put in Keras' place; `harmless`
holds patches that nothing may report. `patching` plants and takes out. `families` says what
they are tried on: short experiments that show most (`probes`), or a run of their own
(`runs`). `by_default` looks as somebody would who only certifies the run, `lanes` looks at
everything, `usual` is what other suites would have looked at, `controls` are correct
implementations of another kind. `summary`, `table` and `worth` say what came of it and what
the numbers are worth.
"""
