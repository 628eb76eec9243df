"""What is made once a batch, for all members: where their kinks lie among its samples, and sums over these."""
