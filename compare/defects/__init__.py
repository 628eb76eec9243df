"""The gallery of planted defects: what the certificate sees, and what the usual tests see.

`python -m compare.defects` plants every one of them in turn. They are data, one small patch
each (`defect`, and `in_neuron` to `in_keras_optimizers` for where they are planted);
`harmless` holds patches that nothing may report. `patching` plants and takes out, `probes`
says on what experiments, `lanes` looks, `usual` is what other suites would have looked at,
`controls` are correct implementations of another kind, `table` is what is printed.
"""
