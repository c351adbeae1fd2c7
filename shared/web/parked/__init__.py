"""Messages between the services that could not be processed: in plain words, and what can be done. Every service
serves these pages of its own inbox.
"""

from shared.web.parked import words
from shared.web.parked.pages import count_parked, parked_pages
from shared.web.parked.reading import reference_of

__all__ = ["count_parked", "parked_pages", "reference_of", "words"]
