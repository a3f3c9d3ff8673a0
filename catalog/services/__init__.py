"""What can be done with the catalogue: functions of a session that read or change rows and never commit."""
