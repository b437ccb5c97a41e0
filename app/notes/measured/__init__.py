"""Figures and results: vital signs, laboratory values, examinations that were done."""
