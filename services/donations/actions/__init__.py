"""What people do with donations: one function each."""
