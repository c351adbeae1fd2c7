"""All of stock's SQL: one typed function per statement."""
