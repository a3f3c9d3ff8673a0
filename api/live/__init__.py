"""The live door: a web socket that tells of changes of products as they are committed."""
