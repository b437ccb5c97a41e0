"""Symptoms and illnesses, told or asked about, and what is seen on the screen."""
