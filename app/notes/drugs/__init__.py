"""What is taken, was taken, stopped or prescribed: which drug, how much, how often."""
