"""What a person wants done at the clinic's pharmacy: one function each."""
