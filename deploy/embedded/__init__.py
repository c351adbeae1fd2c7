"""PostgreSQL and NATS from their wheels: started, stopped, killed. No Docker, no root, nothing to install."""

from deploy.embedded.nats import Nats
from deploy.embedded.postgres import BIN, SYSTEM_USER, Postgres
from deploy.embedded.servers import DidNotStart, free_port, is_listening

__all__ = ["BIN", "SYSTEM_USER", "DidNotStart", "Nats", "Postgres", "free_port", "is_listening"]
