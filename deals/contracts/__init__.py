"""What customers with contracts are expected to be worth: how they renew, fitted to the terms that have ended, behind gates."""
