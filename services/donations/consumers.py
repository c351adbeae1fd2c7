"""What donations does on the events of the others: it knows the registry, the catalogue and the policies."""

from shared import gtins, known
from shared.inbox import Consumers

CONSUMERS: Consumers = {**known.CONSUMERS, **gtins.CONSUMERS}
