"""Side-by-side measurements, run by hand and printed as ratios."""
