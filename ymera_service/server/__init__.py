"""The composition root: the only package that knows all others.

parts.py        builds what is below the network; read it first
upkeep.py       the work beside requests, such as refreshing the catalogue
application.py  serves until it is stopped, then drains and takes everything down
process.py      the process that serves: signals, the event loop, its end
"""

from ymera_service.api.endpoint import SERVICES
from ymera_service.server.application import Application
from ymera_service.server.process import run, serve

__all__ = ["SERVICES", "Application", "run", "serve"]
