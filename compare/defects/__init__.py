"""The gallery of planted defects: what the certificate sees, and what the usual tests see.

`python -m compare.defects` plants every one of them in turn. They are data, one small patch
each: `defect` says what one is, `planted` holds them, by where they are planted and by what
it takes to see them; `patching` plants them and takes them out. `families` says what they
are tried on: short experiments that show most, or a run of their own. `detection` looks:
`default_certificate` as somebody would who only certifies the run, `lanes` at everything,
`conventional_tests` as other suites would have done. `correct` holds what nothing may be reported of:
harmless patches, and implementations of another kind. `table`, `summary` and `counts` say
what came of it, `defects_json` in a file.
"""
