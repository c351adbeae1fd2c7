"""What donations does on the events of the others: it knows the registry, the catalogue and the policies."""

from shared.known import CONSUMERS

__all__ = ["CONSUMERS"]
