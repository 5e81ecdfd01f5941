"""One file per IHE profile, collected by looking into this folder. A new profile is one new file that declares `PROFILE`."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

from ihe_kit.core import Message, nearest
from ihe_kit.ihe import Profile, Transaction


@lru_cache(maxsize=1)
def profiles() -> tuple[Profile, ...]:
    """Every profile, in the order of the file names."""
    return tuple(import_module(f"{__name__}.{module.name}").PROFILE for module in iter_modules(__path__))


@lru_cache(maxsize=1)
def transactions() -> dict[str, Transaction]:
    """Every transaction by its number: IHE's first, then those that are no IHE transactions."""
    every = [transaction for profile in profiles() for transaction in profile.transactions]
    return {t.number: t for t in sorted(every, key=lambda t: not t.ihe)}


def transaction(number: str | Transaction) -> Transaction:
    """The transaction with a number such as `ITI-31`. Raises ValueError with the nearest known one."""
    if isinstance(number, Transaction):
        return number
    known = transactions()
    if number not in known:
        raise ValueError(f"{number!r} is no transaction that the kit knows ({', '.join(known)}){nearest(number, known)}")
    return known[number]


def candidates(message: Message) -> list[Transaction]:
    """The transactions that a request may belong to. The profile is chosen by transaction, never by trigger event alone."""
    return [t for t in transactions().values() if t.standard.key == message.standard and t.recognises(message)]
