"""Making the components' virtual environments. Standard library only, and old Pythons must get as
far as being told so.
"""
