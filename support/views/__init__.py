"""The pages of tickets: for staff, and for customers without a login (`public`)."""
