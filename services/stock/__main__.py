"""Run stock alone: `python -m services.stock [SETTINGS]`."""

from services.stock.service import SERVICE
from shared.service import run_service

if __name__ == "__main__":
    run_service(SERVICE)
