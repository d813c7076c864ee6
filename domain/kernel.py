"""What is a fact, a decision, a refusal? Every model in `domain/` is written in these few words.

    Refused            expected; shown to people; has a lasting `code`
    ├─ NotFound        nobody ever made it
    ├─ NotAllowed      this actor may not
    ├─ Invalid         the input contradicts itself or the configuration
    └─ WrongState      the thing exists, but not in a state that permits this

A refusal is caught in one place (`commands/bus.py`). Anything else that is raised is a bug, and loud.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from hashlib import sha1
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NewType, Protocol, Self, TypeVar
from uuid import UUID, SafeUUID

Position = NewType("Position", int)
"""Where a fact stands in the whole log: strictly increasing in commit order. 0 is "before the first"."""

BEGINNING = Position(0)
NOT_WRITTEN = -1
"""The version of a stream that holds nothing yet; the first fact of a stream has version 0."""


class Fact:
    """Something that happened, in the past tense. Subclasses are frozen dataclasses, named on disk once and for ever.

    `stored_as` never changes when a class moves or is renamed. A fact whose shape must change gets `version=2` and an
    upgrade from its older shape, see `upgrades`.
    """

    stored_as: ClassVar[str]

    def __init_subclass__(cls, *, stored_as: str | None = None, version: int = 1, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if stored_as is not None:
            cls.stored_as = stored_as if version == 1 else f"{stored_as}@{version}"
        if "stored_as" in cls.__dict__:  # `slots=True` builds the class a second time, without the keywords
            FACTS[cls.stored_as] = cls


FACTS: dict[str, type[Fact]] = {}
"""Every kind of fact by its stored name."""

UPGRADES: dict[str, tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {}
"""Old stored name → (newer stored name, how its fields are carried over)."""


def upgrades(old: str, new: type[Fact]) -> Callable[[Callable[[dict[str, Any]], dict[str, Any]]], Any]:
    """Register how an old stored shape becomes a newer one; runs on reading, the log is never rewritten."""

    def register(carry: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
        UPGRADES[old] = (new.stored_as, carry)
        return carry

    return register


F = TypeVar("F", bound=Fact)
F_co = TypeVar("F_co", bound=Fact, covariant=True)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why facts were written: the command's id, who asked, and the conversation that it belongs to.

    The ids of the facts derive from `command_id`, so a command that is sent again is recognised by the log.
    """

    command_id: UUID
    actor: str = "system"
    correlation: str = ""


@dataclass(frozen=True, slots=True, init=False)
class Recorded(Generic[F_co]):
    """A fact as the log holds it: where, when, why. `version` counts from 0 in its stream.

    Of the stream `agent-7` the category is `agent` and the subject `7`: everybody who hears of a fact asks for one of
    them, so both are told apart once.
    """

    position: Position
    stream: str
    version: int
    at: datetime
    cause: Cause
    fact: F_co
    category: str = field(init=False, repr=False, compare=False)
    subject: str = field(init=False, repr=False, compare=False)

    def __init__(self, position: Position, stream: str, version: int, at: datetime, cause: Cause, fact: F_co) -> None:
        category, _, subject = stream.partition("-")
        _put_position(self, position)
        _put_stream(self, stream)
        _put_version(self, version)
        _put_at(self, at)
        _put_cause(self, cause)
        _put_fact(self, fact)
        _put_category(self, category)
        _put_subject(self, subject)


_put_position, _put_stream, _put_version, _put_at, _put_cause, _put_fact, _put_category, _put_subject = (
    getattr(Recorded, member.name).__set__ for member in fields(Recorded)
)


Decision = Iterator[Fact]


class Model(Protocol):
    """A frozen dataclass of what is true now: pure decisions, and one total `evolve` that refuses nothing."""

    category: ClassVar[str]

    def evolve(self, fact: Any, /) -> Self: ...


M = TypeVar("M", bound=Model)


if TYPE_CHECKING:
    from dataclasses import replace as replace  # noqa: PLC0414 - exported; the type checker knows this one's rules
else:

    def replace(model: Any, /, **changes: Any) -> Any:
        """`dataclasses.replace` for our models (frozen, slotted, without `__post_init__`) in a quarter of the time: every
        fact is folded by the store, the engine and the read models, and this is most of what folding costs.
        """
        cls = type(model)
        copier = _COPIERS.get(cls)
        if copier is None:
            copier = _COPIERS[cls] = _copier(cls)
        copy_of, puts = copier
        copy = copy_of(model)
        for name, value in changes.items():
            puts[name](copy, value)
        return copy


_COPIERS: dict[type, tuple[Callable[[Any], Any], dict[str, Callable[..., None]]]] = {}


def _copier(cls: type) -> tuple[Callable[[Any], Any], dict[str, Callable[..., None]]]:
    """A function that copies field by field, written out as `dataclasses` writes out its own; and how each is set."""
    puts = {member.name: getattr(cls, member.name).__set__ for member in fields(cls)}
    words: dict[str, Any] = {f"put_{name}": put for name, put in puts.items()} | {"new": object.__new__, "cls": cls}
    lines = [f"    put_{name}(copy, model.{name})" for name in puts]
    exec("\n".join(["def copy_of(model):", "    copy = new(cls)", *lines, "    return copy"]), words)  # noqa: S102
    return words["copy_of"], puts


def replay(model: M, facts: Iterator[Fact]) -> M:
    for fact in facts:
        model = model.evolve(fact)
    return model


def stream_of(model: type[Model], subject: str) -> str:
    return f"{model.category}-{subject}"


NAMESPACE = UUID("6f0f5a52-0f0e-5c3e-9d0b-7f5d2a6c1e11")
_NAMESPACE_BYTES = NAMESPACE.bytes
_put_int, _put_is_safe = (vars(UUID)[slot].__set__ for slot in ("int", "is_safe"))
_VERSION_AND_VARIANT, _OF_UUID5 = ~(0xF000 << 64 | 0xC000 << 48), 5 << 76 | 0x8000 << 48


def uuid5(namespace: UUID, name: str) -> UUID:
    """The same as `uuid.uuid5` in half the time: the class itself takes longer than the hash."""
    digest = sha1(namespace.bytes + name.encode(), usedforsecurity=False).digest()
    made = object.__new__(UUID)
    _put_int(made, int.from_bytes(digest[:16], "big") & _VERSION_AND_VARIANT | _OF_UUID5)
    _put_is_safe(made, SafeUUID.unknown)
    return made


def derived_id(*parts: object) -> str:
    """The id that a natural key always gives, so that a repeat meets the same stream: a UUIDv5, spelled out by hand,
    for `uuid.uuid5` takes three times as long and every message needs several.
    """
    key = "\x1f".join(map(str, parts))
    text = sha1(_NAMESPACE_BYTES + key.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


class Refused(Exception):
    """An expected no. `code` is lasting and documented; `detail` is a sentence for people; `field` names the input."""

    code: ClassVar[str] = "REFUSED"

    def __init__(self, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


class NotFound(Refused):
    code = "NOT_FOUND"


class NotAllowed(Refused):
    code = "NOT_ALLOWED"


class Invalid(Refused):
    code = "INVALID"


class WrongState(Refused):
    code = "WRONG_STATE"


@dataclass(frozen=True, slots=True)
class GrowingSet:
    """A set that only grows, and whose every older version stays valid, at O(log n) for `add` and `in`.

    Models are immutable: copying a frozenset of ten thousand message ids for each new message would cost more than the
    message. Runs of doubling size are merged as in a binary counter.
    """

    runs: tuple[frozenset[str], ...] = ()

    def __contains__(self, item: str) -> bool:
        return any(item in run for run in self.runs)

    def __len__(self) -> int:
        return sum(map(len, self.runs))

    def add(self, item: str) -> "GrowingSet":
        if item in self:
            return self
        run, runs = frozenset((item,)), self.runs
        while runs and len(runs[-1]) <= len(run):
            run, runs = run | runs[-1], runs[:-1]
        return GrowingSet((*runs, run))
