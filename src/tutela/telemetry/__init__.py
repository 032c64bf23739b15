"""What the program says of its own work: log lines and metrics, without content and secrets."""

from tutela.telemetry.logs import make_logger
from tutela.telemetry.metrics import Metrics, share_metrics

__all__ = ["Metrics", "make_logger", "share_metrics"]
