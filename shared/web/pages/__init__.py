"""Pages: the same actions as the API's, for people in a browser. A page looks, a form does something once.

Each service's pages stand in its `pages` and `templates`, under its own prefix; what they share is here.
"""

from shared.web.pages.handling import form, page, public_form, public_page
from shared.web.pages.view import View

__all__ = ["View", "form", "page", "public_form", "public_page"]
