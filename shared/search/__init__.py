"""Finding a product however its name is typed: one folded key for both scripts, and what is written beside it."""

from shared.search.closeness import Found
from shared.search.finding import KEEP_WORDS, Match, found, refresh_search_tokens
from shared.search.folding import folded
from shared.search.reading import is_a_name
from shared.search.tokens import SEARCH_VERSION, ProductTokens, tokens_of

__all__ = [
    "KEEP_WORDS",
    "SEARCH_VERSION",
    "Found",
    "Match",
    "ProductTokens",
    "folded",
    "found",
    "is_a_name",
    "refresh_search_tokens",
    "tokens_of",
]
