"""The command line: parse, call ``Newsletter``, print."""

import sys
from pathlib import Path
from typing import NoReturn

import click

from newsletter import display
from newsletter.cli import checking, looking, returning, sending, starting, steering, translating, writing
from newsletter.errors import NewsletterError

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended, as shells have it."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="newsletter")
@click.option("--folder", "-C", default=".", show_default=True, help="The folder with newsletter.toml.")
@click.pass_context
def cli(context: click.Context, folder: str) -> None:
    """Translate, review, render and send a multilingual newsletter."""
    context.obj = Path(folder)


for _command in (
    starting.demo,
    starting.init,
    writing.import_,
    writing.acknowledge,
    translating.translate,
    translating.review,
    translating.languages,
    translating.memory,
    looking.check,
    looking.build,
    looking.preview,
    checking.doctor,
    sending.plan,
    sending.approve,
    sending.send,
    steering.pause,
    steering.resume,
    steering.cancel,
    steering.resolve,
    steering.status,
    returning.events,
    returning.suppressions,
    returning.person,
):
    cli.add_command(_command)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line; every error of ours becomes one sentence on stderr and its exit code."""
    try:
        code = cli.main(arguments, prog_name="newsletter", standalone_mode=False)
    except click.Abort:
        click.echo("Aborted!", err=True)
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except NewsletterError as error:
        display.fail(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        # A folder that cannot be written, a full disk: nothing that the library could say better.
        display.fail(f"{error.filename or 'a file'}: {error.strerror}. Correct that and try again.")
        sys.exit(2)
    sys.exit(code or 0)
