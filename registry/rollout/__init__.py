"""Rolling adapters out to endpoints and taking them off: plan, consent, carry out, watch."""
