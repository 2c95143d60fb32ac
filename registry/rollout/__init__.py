"""Rolling adapters out: plan, consent, carry out, watch."""
