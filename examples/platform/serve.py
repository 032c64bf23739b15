"""Start Meadow, the reference platform. Everything it is told comes from the environment."""

from __future__ import annotations

import os

import uvicorn

from meadow.app import make_app
from meadow.settings import Settings

if __name__ == "__main__":
    settings = Settings.of(os.environ)
    uvicorn.run(make_app(settings), host=settings.host, port=settings.port, log_level="warning")
