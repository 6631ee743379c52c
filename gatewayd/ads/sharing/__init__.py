"""What streams have in common, made once: responses, comparisons, sets of names."""
