"""A line from a raw scan: added when all is certain; else what isn't, or what is missing, is said."""
