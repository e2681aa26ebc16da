"""Who watches what. No sockets, no tables, no history."""

from hub.hub import Full, Hub
from hub.viewer import Outlet, Viewer

__all__ = ["Full", "Hub", "Outlet", "Viewer"]
