"""A small client for people: send students, read predictions, join both in a CSV."""
