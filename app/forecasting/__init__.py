"""What past visits say about coming ones; each figure with how well it held. Pure but for `learnt`, which keeps it."""
