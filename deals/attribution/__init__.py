"""Which touches stand before a sale, and what each has of it."""
