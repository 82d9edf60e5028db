"""Groups of commands. The outermost one loads a command when it is called: reading a bank file needs no database."""

from importlib import import_module
from typing import Any

import click

from debit_service.core.collector import spare_the_collector


class Commands(click.Group):
    """A group that lists its commands in the order of the path."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        """In the order in which they were added."""
        return list(self.commands)


class Program(click.Group):
    """The program: `modules` says which module of this package holds which command, in the order of the path."""

    def __init__(self, modules: dict[str, str], name: str, help: str) -> None:  # noqa: A002 - the name is click's
        super().__init__(name=name, help=help)
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        """In the order of the path."""
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the signature is click's
        """The command, loaded now."""
        if cmd_name not in self._modules:
            return None
        module = import_module(f"{__package__}.{self._modules[cmd_name]}")
        found = (
            value for value in vars(module).values() if isinstance(value, click.Command) and value.name == cmd_name
        )
        return next(found)

    def invoke(self, ctx: click.Context) -> Any:
        """Run what was asked for, in a process that is set up for it."""
        spare_the_collector()
        return super().invoke(ctx)
