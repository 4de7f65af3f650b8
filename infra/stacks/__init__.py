"""The stacks, in the order in which they stand on each other."""
