"""All of dispense's SQL: one typed function per statement."""
