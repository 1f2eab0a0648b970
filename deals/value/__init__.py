"""What customers are expected to be worth: models of repeat purchases, fitted to orders, behind gates that refuse to guess."""
