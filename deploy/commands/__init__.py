"""The commands of `dosis`, by what they are about."""
