"""`dosis bench`: what the work costs, beside the least that writing the same rows could cost."""
