"""Texts of any length as keys. A database bounds what its index holds (PostgreSQL at 2,700 bytes a row), so a text is kept in two columns:
`value` has its beginning, which is indexed, and `rest` what is left of it, which nearly always is nothing.
"""

from __future__ import annotations

LONGEST = 500  # characters of a beginning; 2,000 bytes at most


def split_key(text: str) -> tuple[str, str]:
    """(value, rest) of a text.

    >>> split_key("Lie")
    ('Lie', '')
    """
    return text[:LONGEST], text[LONGEST:]
