"""A load driver that overlooks a lost message proves nothing: what it must notice, it notices."""

import asyncio
from pathlib import Path

import orjson
import pytest

from bench.dialogues.corpus import SAMPLES, Script, dialogues, turn
from bench.dialogues.ledger import Ledger, Pace, Way, now

WORDS = ["hello", "yes", "yes", "bye"]


def way(*seen: tuple[str, str]) -> Way:
    """Four messages, stored as m0 to m3, and what the other end saw."""
    result = Way(list(WORDS), [0.0] * 4, [f"m{n}" for n in range(4)])
    for id, text in seen:
        result.see(id, text)
    return result


ALL = tuple((f"m{n}", text) for n, text in enumerate(WORDS))


def faults(*seen: tuple[str, str]) -> dict[str, int]:
    return {name: count for name, count in way(*seen).faults().items() if count}


def test_what_was_seen_as_it_was_said_is_without_fault():
    assert faults(*ALL) == {}


def test_a_lost_message_is_noticed_even_where_another_has_the_same_words():
    assert faults(ALL[0], ALL[2], ALL[3]) == {"lost": 1}


def test_a_message_that_came_twice_is_noticed():
    assert faults(*ALL, ALL[3]) == {"doubled": 1}


def test_messages_out_of_order_are_noticed_even_where_they_have_the_same_words():
    assert faults(ALL[0], ALL[2], ALL[1], ALL[3]) == {"misordered": 1}


def test_another_text_than_the_one_that_was_written_is_noticed():
    assert faults(ALL[0], ("m1", "no"), *ALL[2:]) == {"garbled": 1}


def test_a_message_of_somebody_else_is_noticed():
    assert faults(*ALL, ("x", "psst")) == {"strange": 1}


def test_a_post_that_was_never_answered_is_noticed():
    unanswered = Way(["hello"], [0.0])
    assert unanswered.faults()["unanswered"] == 1


def test_the_ledger_adds_both_directions():
    ledger = Ledger()
    ledger.judge((way(*ALL), way(*ALL[:3])))
    assert (ledger.counts["messages"], ledger.faults["lost"]) == (8, 1)


def test_the_samples_are_two_sided_and_in_many_scripts():
    found = dialogues(None)
    assert len(found) >= 25
    assert all({said.by_customer for said in dialogue} == {True, False} for dialogue in found)
    texts = "".join(said.text for dialogue in found for said in dialogue)
    assert {"م", "ש", "好", "👍", "ร"} <= set(texts)
    assert max(len(said.text) for dialogue in found for said in dialogue) > 4_000


def test_turns_of_customers_alone_are_acknowledged_and_actions_are_left_out(tmp_path: Path):
    told = [
        {"turns": [{"n": 0, "text": "hi"}, {"n": 2, "text": "bye"}]},
        {"turns": [{"from": "agent", "text": "Hello"}, {"from": "action", "text": "looks"}, {"from": "customer", "text": "Hi"}]},
        {"payload": "no dialogue"},
    ]  # fmt: skip
    (tmp_path / "some.jsonl").write_bytes(b"\n".join(map(orjson.dumps, told)))
    sides = [[said.by_customer for said in dialogue] for dialogue in dialogues(tmp_path)]
    assert sides == [[True, False, True, False], [False, True]]


def test_a_folder_without_dialogues_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="no dialogues"):
        dialogues(tmp_path)


def test_each_turn_of_a_script_knows_what_it_waits_for():
    script = Script()
    said = (turn(False, "Hello"), turn(True, "Hi"), turn(True, "Well?"), turn(False, "Yes?"))
    script.append(said)
    script.append(said)
    assert [waits_for for _, waits_for in script.customer] == [1, 1, 3, 3]
    assert [waits_for for _, waits_for in script.agent] == [0, 2, 2, 4]


def test_the_pace_is_kept():
    async def fifty_at_500_per_second() -> float:
        pace, done, begun = Pace(500.0), asyncio.Event(), now()
        for n in range(50):
            pace.do(done.set if n == 49 else lambda: None)
        await done.wait()
        return now() - begun

    assert asyncio.run(fifty_at_500_per_second()) >= 0.09


def test_samples_are_where_the_driver_looks():
    assert (SAMPLES / "dialogues.jsonl").is_file()
