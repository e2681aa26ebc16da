"""Who watches what. No sockets, no tables, no history."""

from hub.company import Face
from hub.hub import Hub
from hub.places import Full
from hub.viewer import Outlet, Viewer
from hub.wall import Row, Wall, Watcher

__all__ = ["Face", "Full", "Hub", "Outlet", "Row", "Viewer", "Wall", "Watcher"]
