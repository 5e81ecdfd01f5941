"""The course inside a notebook: exercises that check themselves, predictions, quizzes, the map, and your progress.

    from ihe_kit.course import exercise, example, predict, reveal, quiz, course_map, progress, export

The engine (`items`, `lessons`, `checking`, `ledger`, `plan`) knows no widget; what shows it stands in `ihe_kit.widgets.course`. This door
hands both on, and imports them only when they are used.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ihe_kit.course.checking import check
    from ihe_kit.course.ledger import progress, reset
    from ihe_kit.course.mastery import export
    from ihe_kit.course.scenes import old_settings, open_record, roles, strict_reader, telephone, three_copies
    from ihe_kit.widgets.course import course_map, example, exercise, predict, quiz, reveal

__all__ = [
    "check",
    "course_map",
    "example",
    "exercise",
    "export",
    "old_settings",
    "open_record",
    "predict",
    "progress",
    "quiz",
    "reset",
    "reveal",
    "roles",
    "strict_reader",
    "telephone",
    "three_copies",
]

_WHERE = {
    "check": "course.checking",
    "export": "course.mastery",
    "old_settings": "course.scenes",
    "open_record": "course.scenes",
    "progress": "course.ledger",
    "reset": "course.ledger",
    "roles": "course.scenes",
    "strict_reader": "course.scenes",
    "telephone": "course.scenes",
    "three_copies": "course.scenes",
}  # the rest are widgets


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in __all__:
        return getattr(import_module(f"ihe_kit.{_WHERE.get(name, 'widgets.course')}"), name)
    raise AttributeError(f"module 'ihe_kit.course' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
