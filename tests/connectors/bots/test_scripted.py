"""Does the scripted bot greet, answer, hand over, and say when it is lost?"""

import asyncio

import pytest

from connectors.bots.scripted.bot import ScriptedBot, script_in, scripted, shipped_script
from domain.channels.bots import BotAnswer, BotTurn
from domain.ids import BotId, ConversationId


def asked(text: str | None, name: str = "", **settings: str) -> BotAnswer:
    turn = BotTurn(ConversationId("c"), BotId("b"), "t", text, name)
    return asyncio.run(scripted(settings).answer(turn))


def intent_of(text: str) -> str | None:
    found = shipped_script().intent_of(text)
    return found and found.name


def test_it_greets_at_the_beginning() -> None:
    assert asked(None).says[0].text.startswith("Hello!")
    assert asked(None, "Zoë").says[0].text.startswith("Hello Zoë!")


def test_its_words_can_be_set() -> None:
    assert asked(None, greeting="Ahoy {name}!").says[0].text == "Ahoy!"
    assert asked("when do you open?", **{"answer.opening_hours": "Never."}).says[0].text == "Never."


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("What are your opening hours?", "opening_hours"),
        ("until when are you open today", "opening_hours"),
        ("Are you still open?", "opening_hours"),
        ("Where is my order 4711?", "order_status"),
        ("where's the parcel", "order_status"),
        ("my package has not arrived", "order_status"),
        ("Can you track it?", "order_status"),
        ("I want my money back", "returns"),
        ("how do I return these shoes", "returns"),
        ("this is the wrong size", "returns"),
        ("How much is delivery?", "prices"),
        ("thanks!", "thanks"),
        ("Thank you so much", "thanks"),
        ("ok bye", "goodbye"),
        ("That’s all", "goodbye"),
        ("Good morning", "hello"),
        ("qwertz", None),
        ("", None),
    ],
)
def test_it_knows_what_is_wanted_in_several_wordings(text: str, intent: str | None) -> None:
    assert intent_of(text) == intent


@pytest.mark.parametrize(
    "text",
    [
        "agent", "HUMAN", "I want to talk to a representative", "Let me speak with somebody", "connect me to support",
        "Is there a real person?", "thanks, but where is my order? I need a human", "I want to complain",
    ],
)  # fmt: skip
def test_who_asks_for_a_human_gets_one(text: str) -> None:
    answer = asked(text)
    assert answer.hands_over
    assert answer.says


def test_it_says_when_it_is_lost() -> None:
    answer = asked("qwertz")
    assert answer.misunderstood
    assert not answer.hands_over
    assert answer.says


def test_a_script_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="intents"):
        script_in({"greeting": "", "fallback": "", "intents": "none"})


def test_what_an_intent_means_is_passed_on() -> None:  # routing 9
    intent = {"name": "returns", "says": "Send it.", "wordings": ["return"], "data": {"topic": "returns", "parts": 2}}
    script = script_in({"greeting": "", "fallback": "", "intents": [intent]})
    turn = BotTurn(ConversationId("c"), BotId("b"), "t", "I want to return it", "")
    answer = asyncio.run(ScriptedBot(script, {}).answer(turn))
    assert answer.data == {"topic": "returns", "parts": "2"}
    with pytest.raises(ValueError, match="data"):
        script_in({"greeting": "", "fallback": "", "intents": [{**intent, "data": "none"}]})
