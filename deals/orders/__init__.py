"""Orders and credit notes: what was billed, to whom, when, at which rate."""
