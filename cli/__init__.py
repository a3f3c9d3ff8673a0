"""The `catalog` command: may import every room, decides nothing."""
