"""Settings: what the person wrote, said on the command line or changed while running, each with its origin."""

from arbtui.config.credentials import Credentials, NotifySecrets, load_credentials
from arbtui.config.load import Flag, Loaded, Origin, load
from arbtui.config.model import Settings, VenueSettings
from arbtui.config.paths import Paths, paths

__all__ = [
    "Credentials",
    "Flag",
    "Loaded",
    "NotifySecrets",
    "Origin",
    "Paths",
    "Settings",
    "VenueSettings",
    "load",
    "load_credentials",
    "paths",
]
