"""What goes in and out: validated, typed shapes shared by REST, import and bulk."""
