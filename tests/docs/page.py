"""A page of the documentation, as something to carry out: its fenced blocks from top to bottom, against a running server.

    ```bash                       run; what it exports is known to all later blocks; `bash aside` is not run
    ```graphql, # as ADA          sent with the bearer token in $ADA; a ```json variables block may follow
    ```graphql, # called $DESK    remembered as $DESK
    ```json                       what the block before it answers, or prints
    ```frames, # socket: desk     `open <url> [sub-protocol]`, `→ sent`, `← received`, `close`, `← close 4403`
    ```python, # bot.py           a file in the folder where everything runs

In all of JSON "…" stands for any value, in a list for any number of others, `"…": "…"` for any other members, and "$name" for a value that is remembered
when it is first seen and must be the same from then on. Frames that the page does not name may come in between.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

PATIENCE_S = 10.0
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"\$([A-Za-z_]\w*)")
ANY = "…"


@dataclass(frozen=True)
class Block:
    language: str
    words: str
    text: str
    line: int

    def headed(self, pattern: str) -> str | None:
        """What the first line says, where it is a comment of this kind."""
        found = re.match(f"# {pattern}", self.text, re.MULTILINE)
        return found[1] if found else None


def blocks(page: str) -> Iterator[Block]:
    for found in FENCE.finditer(page):
        yield Block(found[1], found[2].strip(), found[3], page.count("\n", 0, found.start()) + 1)


@dataclass
class Reader:
    """Somebody who does what a page says."""

    known: dict[str, str]
    folder: Path
    sockets: dict[str, ClientConnection] = field(default_factory=dict)
    opened: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    passed: dict[str, list[Any]] = field(default_factory=dict)
    answer: Any = None

    def follow(self, page: str) -> None:
        todo = list(blocks(page))
        for at, block in enumerate(todo):
            try:
                self._do(block, todo[at + 1] if at + 1 < len(todo) else None)
            except Exception as error:
                error.add_note(f"in the block at line {block.line}:\n{block.text}")
                raise

    def close(self) -> None:
        """Hang up, and end what the page has started in the background and kept under a name like BOT_PID."""
        self.opened.close()
        for name, pid in self.known.items():
            if name.endswith("_PID"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGTERM)

    def _do(self, block: Block, following: Block | None) -> None:
        match block.language:
            case "bash" if block.words != "aside":
                self.answer = self._bash(block.text)
            case "python" if name := block.headed(r"(\w+\.py)$"):
                (self.folder / name).write_text(block.text)
            case "graphql" if name := block.headed(r"called \$(\w+)"):
                self.known[name] = block.text
            case "graphql":
                self.answer = self._graphql(block, following)
            case "frames":
                self._talk(block)
            case "json" if not block.words:
                said = json.loads(self.answer) if isinstance(self.answer, str) else self.answer
                self.expect(json.loads(block.text), said)

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        surroundings = {**os.environ, **self.known}
        done = subprocess.run(
            command,
            env=surroundings,
            cwd=self.known.get("PWD", self.folder),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def _bash(self, text: str) -> str:
        state = self.folder / "environment"
        script = f"set -euo pipefail; set -a\n{text}\nenv -0 > {state}"  # functions are exported like variables
        done = self._run(["bash", "-c", script])
        now = dict(pair.split("=", 1) for pair in state.read_text().split("\0") if "=" in pair)
        self.known |= {key: value for key, value in now.items() if key == "PWD" or os.environ.get(key) != value}
        return done.stdout

    def _graphql(self, block: Block, following: Block | None) -> Any:
        variables = following.text if following and following.words == "variables" else "{}"
        asked = {"query": block.text, "variables": json.loads(self._filled(variables))}
        token = self.known[block.headed(r"as (\w+)") or ""]
        answer = httpx2.post(
            f"{self.known['URL']}/graphql",
            json=asked,
            headers={"authorization": f"Bearer {token}", "accept": "application/graphql-response+json"},
            timeout=PATIENCE_S,
        )
        return answer.json()

    def _talk(self, block: Block) -> None:
        name = block.headed(r"socket: (\w+)") or ""
        for line in block.text.splitlines():
            mark, _, rest = line.partition(" ")
            if mark == "open":
                self._open(name, self._filled(rest).split())
            elif mark == "close":
                self.sockets.pop(name).close()
            elif mark == "→":
                self.sockets[name].send(self._filled(rest))
            elif rest.startswith("close "):
                self._hears_close(name, int(rest.split()[1]))
            elif mark == "←":
                self._hears(name, json.loads(rest))

    def _open(self, name: str, words: list[str]) -> None:
        protocols = [Subprotocol(word) for word in words[1:]]
        self.passed.pop(name, None)
        self.sockets[name] = self.opened.enter_context(connect(words[0], subprotocols=protocols or None))

    def _hears(self, name: str, expected: Any) -> None:
        """Frames may come in another order than the page tells them: what was passed over is looked at first."""
        passed = self.passed.setdefault(name, [])
        for number, frame in enumerate(passed):
            if self._fits(expected, frame):
                del passed[number]
                return
        while not self._fits(expected, frame := self._next(name, expected)):
            passed.append(frame)

    def _fits(self, expected: Any, frame: Any) -> bool:
        try:
            self.expect(expected, frame)
        except AssertionError:
            return False
        return True

    def _next(self, name: str, expected: Any) -> Any:
        try:
            frame = json.loads(self.sockets[name].recv(timeout=PATIENCE_S))
        except (TimeoutError, ConnectionClosed) as error:
            passed = "\n".join(map(json.dumps, self.passed[name]))
            raise AssertionError(f"{error!r} instead of {expected}; there came\n{passed}") from None
        if frame == {"type": "ping"}:
            self.sockets[name].send('{"type":"pong"}')
            return self._next(name, expected)
        return frame

    def _hears_close(self, name: str, code: int) -> None:
        socket = self.sockets.pop(name)
        with contextlib.suppress(ConnectionClosed):
            while True:
                socket.recv(timeout=PATIENCE_S)
        assert socket.close_code == code, f"closed with {socket.close_code}, not {code}"

    def _filled(self, text: str) -> str:
        """With the values in place of their names, as they are written inside a JSON text."""
        return NAME.sub(
            lambda found: json.dumps(self.known[found[1]])[1:-1] if found[1] in self.known else found[0], text
        )

    def expect(self, expected: Any, said: Any) -> None:
        """Compare, then remember: what does not fit in the end has taught nothing."""
        learnt: dict[str, str] = {}
        self._compare(expected, said, "", learnt)
        self.known |= learnt

    def _compare(self, expected: Any, said: Any, where: str, learnt: dict[str, str]) -> None:
        match expected:
            case str() if expected == ANY:
                return
            case str() if named := NAME.fullmatch(expected):
                name = named[1]
                known = learnt.get(name, self.known.get(name))
                assert said == known or (known is None and isinstance(said, str)), f"{where}: {said!r}, not {known!r}"
                learnt[name] = said
            case dict():
                assert isinstance(said, dict), f"{where}: {said!r}"
                named = expected.keys() - {ANY}
                assert named <= said.keys(), f"{where}: without {named - said.keys()}: {said}"
                assert ANY in expected or named == said.keys(), f"{where}: also {said.keys() - named}: {said}"
                for key in expected:
                    if key in named:
                        self._compare(expected[key], said[key], f"{where}.{key}", learnt)
            case list():
                assert isinstance(said, list), f"{where}: {said!r}"
                listed = [one for one in expected if one != ANY]
                assert len(said) == len(listed) or (ANY in expected and len(said) >= len(listed)), f"{where}: {said}"
                first = len(said) - len(listed) if expected[:1] == [ANY] else 0
                for number, one in enumerate(listed, first):
                    self._compare(one, said[number], f"{where}[{number}]", learnt)
            case _:
                assert expected == said, f"{where}: {said!r}, not {expected!r}"
