"""The demo shop: pages rendered on the server over the same search and catalogue services as the API."""
