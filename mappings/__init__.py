"""What an index looks like: settings, mappings, field names, product row -> document. Pure: no I/O."""
