"""Has every connector the same shape? Learn one, know all."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from tests.architecture.source import advice, files

FOUR_FILES = ("README.md", "channel.py", "payloads.py")
NOT_A_CHANNEL = {"bots"}


def faults(paths: Iterable[str]) -> list[str]:
    """What each folder under connectors/ lacks. The fourth part is what the vendor really sends, captured."""
    known = {PurePosixPath(path) for path in paths}
    rooms = {path.parts[1] for path in known if path.parts[0] == "connectors" and len(path.parts) > 2} - NOT_A_CHANNEL
    missing = [
        f"connectors/{room}/{name}"
        for room in sorted(rooms)
        for name in FOUR_FILES
        if PurePosixPath("connectors", room, name) not in known
    ]
    return missing + [
        f"tests/connectors/{room}/payloads/*"
        for room in sorted(rooms)
        if not any(path.is_relative_to(f"tests/connectors/{room}/payloads") for path in known)
    ]


def test_every_connector_has_its_four_parts() -> None:
    found = faults(path.as_posix() for path in files())
    assert not found, advice(found, "A connector is README.md, channel.py, payloads.py and captured payloads. Missing:")


def test_a_connector_without_captured_payloads_is_found() -> None:
    sms = [f"connectors/sms/{name}" for name in FOUR_FILES]
    assert faults(sms) == ["tests/connectors/sms/payloads/*"]
    assert (
        faults([*sms, "tests/connectors/sms/payloads/text.form", "connectors/port.py", "connectors/bots/rasa/bot.py"])
        == []
    )
