"""The registry: clinics, partner pharmacies, people, delegations, decisions and the policies they set."""
