"""Run dispense alone: `python -m services.dispense [SETTINGS]`."""

from services.dispense.service import SERVICE
from shared.service import run_service

if __name__ == "__main__":
    run_service(SERVICE)
