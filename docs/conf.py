"""How Sphinx builds these pages: `make docs`. Nothing is fetched from a network, then or when they are read."""

import sys
from pathlib import Path

from compare.system.command_line import start_keras

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))
start_keras()  # without what it prints

project = "neuron-audit"
author = "The neuron-audit authors"
html_title = "neuron-audit"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "matplotlib.sphinxext.plot_directive",
    "commands",
    "gallery",
    "mathml",
    "nobreak",
    "printed",
    "solution",
]
exclude_patterns = ["build"]

# Docstrings are numpydoc: they name the types, signatures need not. A name in single backticks becomes a link
# if there is such a thing; in docstrings it may also be an argument.
default_role = "autolink"
smartquotes = False
highlight_language = "text"  # of formulas in docstrings; examples are Python all the same
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autosummary_generate = False
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# What numpydoc checks of every docstring on the pages, and what it does not, with the reason.
numpydoc_validation_checks = {
    "all",
    "EX01",  # values and small classes have no example; tests/test_hygiene.py asks functions for theirs
    "SA01",  # the pages say what belongs together
    "ES01",  # a summary that says everything needs no more
    "GL01",  # the summary stands on the first line, as in PEP 257
    "GL08",  # fields of a named tuple and inherited methods are described where they come from
    "PR01",  # "as for" another function, instead of the same lines again
    "PR02",  # parameters described together: "w, b : float"
    "PR03",  # fields given by name may be told in another order than they are declared
    "PR04",  # "as for" has no type either
    "PR07",  # a type can say everything: "seed : int"
    "PR08",  # descriptions go on from the name: "seed : int", "Of the batches."
    "RT01",  # a one-line docstring says what is returned; a generator yields
    "RT02",  # several values are named
    "RT03",  # a return type can say everything
    "SS05",  # "Whether ...", "Expected loss of ...": a quantity is named by a noun
}

# Names of arguments, of Keras' classes and of inner parts are in single backticks too, and need not be a link.
nitpick_ignore_regex = [("py:obj", ".*")]

html_math_renderer = "mathml"

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#0072B2",
        "color-brand-content": "#0072B2",
        "code-font-size": "var(--font-size--small--2)",
    }
}
templates_path = []
pygments_style = "friendly"

plot_include_source = True
plot_html_show_formats = False
plot_html_show_source_link = False
plot_formats = [("png", 150)]
plot_pre_code = ""
