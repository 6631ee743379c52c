"""What is said of every object: the verdicts that attachment and translation came to."""
