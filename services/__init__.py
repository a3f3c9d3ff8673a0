"""What the service offers, one service a noun, with the rights of each call in one place.

Interfaces call this and nothing below it. Each method takes the principal as `Identity.identify` gave it. It raises
Unauthenticated and Forbidden besides what it says itself, and Unavailable when a server does not answer.
"""
