"""The widgets: AqlEditor, BedBoard, Builder, Diff, Explorer, PathFinder, ProfileViewer, SearchBuilder, StayLife, TemplateViewer, Validator, VersionHistory, WireView. Each is imported when it is used, so a test of one does not pay for the others."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ihe_kit.widgets.aqleditor import AqlEditor
    from ihe_kit.widgets.bedboard import BedBoard
    from ihe_kit.widgets.builder import Builder
    from ihe_kit.widgets.diff import Diff
    from ihe_kit.widgets.explorer import Explorer
    from ihe_kit.widgets.pathfinder import PathFinder
    from ihe_kit.widgets.profileviewer import ProfileViewer
    from ihe_kit.widgets.searchbuilder import SearchBuilder
    from ihe_kit.widgets.staylife import StayLife
    from ihe_kit.widgets.templateviewer import TemplateViewer
    from ihe_kit.widgets.validator import Validator
    from ihe_kit.widgets.versionhistory import VersionHistory
    from ihe_kit.widgets.wireview import WireView

__all__ = [
    "AqlEditor",
    "BedBoard",
    "Builder",
    "Diff",
    "Explorer",
    "PathFinder",
    "ProfileViewer",
    "SearchBuilder",
    "StayLife",
    "TemplateViewer",
    "Validator",
    "VersionHistory",
    "WireView",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in __all__:
        return getattr(import_module(f"ihe_kit.widgets.{name.lower()}"), name)
    raise AttributeError(f"module 'ihe_kit.widgets' has no attribute {name!r}")
