"""Who may come in, and who may do what."""

from tutela.interfaces.access.grants import GRANTS, Permission, Role, Sensitivity, may

__all__ = ["GRANTS", "Permission", "Role", "Sensitivity", "may"]
