"""What the service offers, with the rights of each call in one place: interfaces call this and nothing below it."""
