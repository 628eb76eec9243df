"""The runs of the question and its accepted answer, and what became of each."""
