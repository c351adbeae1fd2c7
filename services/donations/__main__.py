"""Run donations alone: `python -m services.donations [SETTINGS]`."""

from services.donations.service import SERVICE
from shared.service import run_service

if __name__ == "__main__":
    run_service(SERVICE)
