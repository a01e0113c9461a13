"""Figures and widgets: the same ones in Lab, Voila and reports."""
