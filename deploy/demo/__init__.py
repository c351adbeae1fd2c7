"""The demo: invented people, realistic boxes, and the six stories played through the API."""
