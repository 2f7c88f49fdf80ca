"""Making the virtual environments: standard library only; old Pythons are told they are too old."""
