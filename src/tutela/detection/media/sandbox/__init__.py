"""The walls around a decoder child."""

from tutela.detection.media.sandbox.lockdown import Walls, lock_down

__all__ = ["Walls", "lock_down"]
