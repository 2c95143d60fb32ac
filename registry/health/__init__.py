"""What `doctor` checks, one module for each thing; the checks change nothing, `mending` does."""
