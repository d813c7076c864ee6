"""A bot without a service behind it: it greets, answers what its script knows, and hands over when asked to.

The script is data (`script.json`): intents with the wordings that they are known by. Settings of the `Bot`:
`greeting`, `fallback`, `handover` and `answer.<intent>` replace what the script says; `{name}` is the customer's name.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from domain.channels.bots import BotAnswer, BotTurn
from domain.channels.messages import Body

NAME = "scripted"


@dataclass(frozen=True, slots=True)
class Intent:
    """Something that customers want. `wordings` are regular expressions, searched without regard to case; `data`: what is
    known of the conversation from then on.
    """

    name: str
    wordings: re.Pattern[str]
    says: str
    hands_over: bool = False
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Script:
    greeting: str
    fallback: str
    intents: tuple[Intent, ...]

    def intent_of(self, text: str) -> Intent | None:
        """The first intent in the order of the script, so what matters most stands first."""
        plain = " ".join(text.replace("’", "'").split())
        return next((intent for intent in self.intents if intent.wordings.search(plain)), None)


@dataclass(frozen=True, slots=True)
class ScriptedBot:
    script: Script
    settings: Mapping[str, str]

    async def answer(self, turn: BotTurn) -> BotAnswer:
        if turn.text is None:
            return BotAnswer(says=(self._say("greeting", self.script.greeting, turn),))
        intent = self.script.intent_of(turn.text)
        if intent is None:
            return BotAnswer(says=(self._say("fallback", self.script.fallback, turn),), misunderstood=True)
        key = intent.name if intent.hands_over else f"answer.{intent.name}"
        return BotAnswer((self._say(key, intent.says, turn),), hands_over=intent.hands_over, data=intent.data)

    def _say(self, key: str, text: str, turn: BotTurn) -> Body:
        said = self.settings.get(key) or text
        name = turn.customer_name.strip()
        return Body(text=said.replace(" {name}", f" {name}" if name else "").replace("{name}", name))


def scripted(settings: Mapping[str, str]) -> ScriptedBot:
    return ScriptedBot(shipped_script(), settings)


@cache
def shipped_script() -> Script:
    return script_in(json.loads(Path(__file__).with_name("script.json").read_text(encoding="utf-8")))


def script_in(data: Mapping[str, object]) -> Script:
    """Raises `ValueError`, `KeyError` or `re.error` for a script that is none."""
    intents = data["intents"]
    if not isinstance(intents, list):
        raise ValueError("`intents` is a list")  # noqa: TRY004 - it is the script that is wrong, not a caller
    return Script(str(data["greeting"]), str(data["fallback"]), tuple(_intent(intent) for intent in intents))


def _intent(data: Mapping[str, object]) -> Intent:
    wordings = data["wordings"]
    if not isinstance(wordings, list):
        raise ValueError("`wordings` is a list")  # noqa: TRY004
    pattern = re.compile("|".join(f"(?:{wording})" for wording in wordings), re.IGNORECASE)
    found = data.get("data", {})
    if not isinstance(found, dict):
        raise ValueError("`data` is an object")  # noqa: TRY004
    known = {str(name): str(value) for name, value in found.items()}
    return Intent(str(data["name"]), pattern, str(data["says"]), bool(data.get("handsOver", False)), known)
