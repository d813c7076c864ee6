"""`parley`: run it, set it up, look into the log. Exit codes: 0 done, 1 it failed, 2 the call was wrong."""

import asyncio
import functools
import json
import os
import sys
from collections.abc import Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from domain.kernel import Position, Refused
from infra import errands, log_tools, main
from infra.configuration_change import Change
from infra.configuration_file import BadConfiguration
from infra.embedded_postgres import PostgresFailed
from infra.eventlog.port import Unavailable
from infra.serving import CannotStart
from infra.settings import BadSettings, Settings, load
from infra.simulation.cli import simulate
from infra.storage import opened
from infra.what_if.cli import what_if

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Parley, the open omnichannel contact centre.",
)
log_app = typer.Typer(no_args_is_help=True, help="Look into the event log.")
app.add_typer(log_app, name="log")
config_app = typer.Typer(invoke_without_command=True, help="The settings in force; what is configured, as a file.")
app.add_typer(config_app, name="config")
app.command()(simulate)
app.command("what-if")(what_if)
out, err = Console(), Console(stderr=True)

DataDir = Annotated[Path | None, typer.Option(help="Where data lives (PARLEY_DATA_DIR).")]
Port = Annotated[int | None, typer.Option(help="The port to listen on (PARLEY_PORT).")]
Host = Annotated[str | None, typer.Option(help="The address to listen on (PARLEY_HOST).")]


@app.command()
def up(data_dir: DataDir = None, port: Port = None, host: Host = None) -> None:
    """Start everything here, with the demo world; print addresses and sign-ins."""
    _run(main.serve(_settings(data_dir=data_dir, port=port, host=host), demo=True, say=_say))


@app.command()
def serve(
    data_dir: DataDir = None,
    port: Port = None,
    host: Host = None,
    roles: Annotated[str | None, typer.Option(help="Which parts: api,engine,projector,connectors (all).")] = None,
) -> None:
    """Start the server, and nothing else."""
    chosen = tuple(roles.split(",")) if roles else None
    _run(main.serve(_settings(data_dir=data_dir, port=port, host=host, roles=chosen), demo=False, say=_say))


@config_app.callback()
def config(ctx: typer.Context) -> None:
    """Without a command: `show`."""
    if ctx.invoked_subcommand is None:
        config_show()


@config_app.command("show")
def config_show() -> None:
    """Print the settings in force, secrets masked."""
    settings = _settings()
    table = Table("key", "value", "meaning", title="Settings in force")
    for name, field in type(settings).model_fields.items():
        table.add_row(name, _shown(getattr(settings, name)), field.description or "")
    out.print(table)


@config_app.command("export")
def config_export(
    file: Annotated[Path | None, typer.Argument(help="Where to write it; none: to the screen.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Write everything that is configured as YAML: attributes, queues, channels, …, and what agents are good at."""
    _run(_export(_settings(data_dir=data_dir), file))


@config_app.command("import")
def config_import(
    file: Path,
    data_dir: DataDir = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Retire what the file lacks.")] = False,
) -> None:
    """Set things up as a YAML file says: check it, show what changes, ask, do it."""
    settings = _settings(data_dir=data_dir)
    try:
        text = _of_caller(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        err.print(f"[red]{file} cannot be read:[/] {error}")
        raise typer.Exit(2) from None
    agreed = functools.partial(_agreed, yes=yes, dry_run=dry_run)
    try:
        _run(errands.import_configuration(settings, text, agreed, _say, prune=prune))
    except BadConfiguration as bad:
        _say(f"Nothing was changed:\n{bad.text(str(file))}")
        raise typer.Exit(1) from None


@app.command()
def secret(channel: str, data_dir: DataDir = None) -> None:
    """Print the secret that a foreign connector of this channel signs with. Keep it like a password."""
    _print(main.channel_secret(_settings(data_dir=data_dir), channel))


@app.command()
def seed(data_dir: DataDir = None) -> None:
    """Tell the demo world; what is there already stays as it is."""
    _run(errands.seed(_settings(data_dir=data_dir), _say))


@app.command()
def rebuild(view: Annotated[str, typer.Argument(help="Which read model, or `all`.")], data_dir: DataDir = None) -> None:
    """Fold a read model anew from the whole log."""
    _run(errands.rebuild(_settings(data_dir=data_dir), view, _say))


@app.command()
def replay(
    stream: Annotated[str, typer.Option(help="A stream, such as agent-… or conversation-….")],
    at: Annotated[str | None, typer.Option(help="A position or a time (2026-11-20T10:04:00Z); none: now.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Show what was true of one thing at some moment."""
    _run(_replay(_settings(data_dir=data_dir), stream, at))


@log_app.command("tail")
def log_tail(
    data_dir: DataDir = None,
    last: Annotated[int, typer.Option("-n", min=0, help="How many of the newest to begin with.")] = 10,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as facts come.")] = False,
) -> None:
    """Print the newest facts."""
    _run(_tail(_settings(data_dir=data_dir), last, follow))


@log_app.command("show")
def log_show(stream: str, data_dir: DataDir = None, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Print one stream, fact by fact."""
    _run(_show(_settings(data_dir=data_dir), stream, as_json=as_json))


@log_app.command("verify")
def log_verify(data_dir: DataDir = None) -> None:
    """Read the whole log and check that it is sound: positions, versions, every fact readable, every stream foldable."""
    _run(_verify(_settings(data_dir=data_dir)))


def _of_caller(file: Path) -> Path:
    """`./parley` runs in Parley's folder: a path means what it means where it was called."""
    return Path(os.environ.get("PARLEY_CALLED_FROM", "")) / file


async def _export(settings: Settings, file: Path | None) -> None:
    text = await errands.export_configuration(settings, _quiet)
    if file is None:
        _print(text.rstrip())
    else:
        await asyncio.to_thread(_of_caller(file).write_text, text, encoding="utf-8")


async def _agreed(changes: Sequence[Change], *, yes: bool, dry_run: bool) -> bool:
    """Show what would change; may it be done?"""
    for change in changes:
        for line in change.lines():
            _print(line)
    if not changes:
        _print("Nothing changes.")
    if dry_run or not changes:
        return False
    return yes or await asyncio.to_thread(
        typer.confirm, "Make this change?" if len(changes) == 1 else f"Make these {len(changes)} changes?", err=True
    )


async def _replay(settings: Settings, stream: str, at: str | None) -> None:
    async with opened(settings) as storage:
        moment = _moment(at)
        model, version = await log_tools.as_of(storage.log, stream, moment)
        out.print(f"[bold]{stream}[/] after version {version}" + (f", as of {at}" if at else ""))
        out.print_json(json.dumps(log_tools.plain(model)))


async def _tail(settings: Settings, last: int, follow: bool) -> None:
    async with opened(settings) as storage:
        head = await storage.log.head()
        after = await log_tools.position_before(storage.log, head, last)
        async for batch in storage.log.subscribe(after):
            for recorded in batch:
                _print(log_tools.line(recorded))
            if not follow and batch[-1].position >= head:
                return
        # a log with nothing in it


async def _show(settings: Settings, stream: str, *, as_json: bool) -> None:
    async with opened(settings) as storage:
        for recorded in await log_tools.history(storage.log, stream):
            _print(json.dumps(log_tools.record(recorded)) if as_json else log_tools.line(recorded))


async def _verify(settings: Settings) -> None:
    async with opened(settings) as storage:
        report = await log_tools.verify(storage.log, lambda done: _say(f"{done:,} facts read"))
    out.print(f"{report.facts:,} facts in {report.streams:,} streams, newest position {report.head}.")
    for fault in report.faults[:50]:
        err.print(f"[red]{fault}[/]")
    if report.faults:
        err.print(f"[red]{len(report.faults)} faults.[/]")
        raise typer.Exit(1)
    out.print("[green]The log is sound.[/]")


def _moment(at: str | None) -> Position | datetime | None:
    if at is None:
        return None
    if at.isdigit():
        return Position(int(at))
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        err.print(f"[red]{at!r} is neither a position nor a time[/] like 2026-11-20T10:04:00Z.")
        raise typer.Exit(2) from None
    return moment if moment.tzinfo else moment.astimezone()


def _settings(**overrides: Any) -> Settings:
    try:
        return load(**overrides)
    except BadSettings as bad:
        err.print(f"[red]{bad}[/]")
        raise typer.Exit(2) from None


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    except (PostgresFailed, Refused, Unavailable, CannotStart) as trouble:
        err.print(f"[red]{trouble}[/]")
        raise typer.Exit(1) from None


def _say(text: str) -> None:
    err.print(text, highlight=False, soft_wrap=True)


def _quiet(_: str) -> None:
    """For commands whose answer is all that is wanted."""


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _shown(value: Any) -> str:
    return "" if value is None else ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


if __name__ == "__main__":
    app(prog_name="parley")
