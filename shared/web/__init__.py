"""The edge: requests become calls of actions, errors become problem details, services become one app."""
