"""How a chunk of members comes to its gradients, by what is trained: the quickest kernel that fits is taken."""
