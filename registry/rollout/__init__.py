"""Rolling adapters out and taking them off: request, target, version, plan, consent, carry out, watch."""
