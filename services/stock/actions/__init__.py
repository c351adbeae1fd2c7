"""What a person wants done with stock: one function each, the only place that opens a transaction."""
