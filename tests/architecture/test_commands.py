"""Does every command have exactly one handler, and every mutation exactly one line?"""

import ast
from collections import Counter
from collections.abc import Iterator

from tests.architecture.source import Source, advice, python

ROOT_OF_COMMANDS = "Command"


def _last_name(expression: ast.expr) -> str:
    return ast.unparse(expression).split("(")[0].split("[")[0].split(".")[-1]


def commands(sources: list[Source]) -> dict[str, str]:
    """Every command by name, with its place. A class that others derive from is not a command but a family of them."""
    classes = [(source, node) for source in sources for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)]
    bases = {node.name: {_last_name(base) for base in node.bases} for _, node in classes}
    known = {ROOT_OF_COMMANDS}
    while more := {name for name, above in bases.items() if above & known} - known:
        known |= more
    families = set().union(*bases.values())
    return {
        node.name: source.at(node) for source, node in classes if node.name in known - families - {ROOT_OF_COMMANDS}
    }


def handled(sources: list[Source]) -> Counter[str]:
    """How often each command is named by `@handles(…)`."""
    return Counter(
        _last_name(argument)
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and _last_name(decorator.func) == "handles"
        for argument in decorator.args
    )


def mutations(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    functions = (node for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return (node for node in functions if any(_last_name(decorator) == "mutation" for decorator in node.decorator_list))


def is_one_send(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    match body:
        case [ast.Return(value=ast.Await(value=ast.Call(func=sends)))]:
            return _last_name(sends) == "send"
        case _:
            return False


def test_every_command_has_exactly_one_handler() -> None:
    sources = python("commands")
    times = handled(sources)
    found = [f"{place} {name} has {times[name]}" for name, place in commands(sources).items() if times[name] != 1]
    assert not found, advice(found, "A command and its one handler stand side by side: @handles(TheCommand).")


def test_every_mutation_is_one_send() -> None:
    found = [
        f"{source.at(node)} {node.name}"
        for source in python("api")
        for node in mutations(source)
        if not is_one_send(node)
    ]
    assert not found, advice(
        found, "A mutation is `return await send(info, TheCommand(…))`: rules live in models, translation in inputs."
    )


def test_a_command_without_a_handler_is_found() -> None:
    source = Source(
        "commands/x.py",
        "class Command: ...\nclass AgentCommand(Command): ...\nclass Rest(AgentCommand): ...\nclass Work(bus.Command): ...\n"
        "@handles(Rest)\nasync def rest(cmd, store): ...\n",
    )
    assert set(commands([source])) == {"Rest", "Work"}
    assert handled([source]) == {"Rest": 1}


def test_a_mutation_with_a_rule_is_found() -> None:
    head = "@strawberry.mutation(description='x')\nasync def rest(self, info):\n 'Why.'\n "
    (rule,) = mutations(Source("api/x.py", head + "if info: pass\n return await send(info, Rest())"))
    (plain,) = mutations(Source("api/x.py", head + "return await send(info, Rest())"))
    assert not is_one_send(rule)
    assert is_one_send(plain)
