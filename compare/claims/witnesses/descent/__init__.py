"""The exact witness' gradient descent on the expected loss, in floats and in decimals."""
