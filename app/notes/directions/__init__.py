"""What the doctor orders, advises, grants and refuses, and when to call."""
