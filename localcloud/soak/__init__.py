"""An hour of bad luck in minutes: traffic, seeded faults, and an auditor who trusts nobody."""
