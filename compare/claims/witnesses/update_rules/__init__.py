"""Update rules given as formulas, held against recorded steps."""
