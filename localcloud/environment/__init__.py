"""Making the components' virtual environments, with the standard library alone.

Old Pythons must get as far as being told that they are too old.
"""
