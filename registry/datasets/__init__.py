"""Training datasets: registering them, counting their rows, listing and resolving them."""
